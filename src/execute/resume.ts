/** Checks what an interrupted merge claims to have done against the bytes on disk. */
import { join } from "node:path";
import { storedBytes } from "../gguf/layout.ts";
import type { MergePlan, PlannedTensor } from "../plan/merge-plan.ts";
import { hashedRanges } from "./hash-grid.ts";
import { forEachInFlight } from "./in-flight.ts";
import type { PartialFolder } from "./partial-folder.ts";
import type { Pool } from "./pool.ts";
import type { TensorRecord } from "./tensor-record.ts";

/** The claimed tensors whose every chunk hashes to what the journal says. The others are merged again. */
export async function confirmClaims(
  plan: MergePlan,
  partial: PartialFolder,
  pool: Pool,
): Promise<Map<string, TensorRecord>> {
  const confirmed = new Map<string, TensorRecord>();
  const claimed = plan.tensors.filter((tensor) => partial.claimed.has(tensor.name));
  await forEachInFlight(
    claimed,
    2 * pool.threads,
    () => 1,
    async (tensor) => {
      const record = partial.claimed.get(tensor.name) as TensorRecord;
      const hashes = await rehash(tensor, plan, partial.path, pool);
      if (hashes.join() === record.hashes.join()) confirmed.set(tensor.name, record);
    },
  );
  return confirmed;
}

async function rehash(tensor: PlannedTensor, plan: MergePlan, folder: string, pool: Pool): Promise<string[]> {
  const { output, chunkElements, gguf } = tensor;
  const chunkBytes = gguf === null ? undefined : storedBytes(gguf.type, chunkElements);
  const path = join(folder, plan.shards[output.shardIndex]?.name as string);
  const operations = [...hashedRanges(output, chunkElements, chunkBytes)].map(
    ({ byteOffset, byteCount }) => ({
      kind: "hash" as const,
      range: { path, byteOffset: output.byteOffset + byteOffset, byteCount },
    }),
  );
  return pool.run(operations, 0);
}
