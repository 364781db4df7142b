/** What is done for tensors before their turn: their inputs are asked for, and where their cuts lie is sampled. */
import { DTYPE_BYTES } from "../dtypes.ts";
import { isSampled } from "./measure.ts";
import type { ByteRange, ReadAheadOperation, SampleOperation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import type { Brackets } from "./sampling.ts";
import { chunkCount, type TensorWork } from "./tensor-work.ts";
import { isCopy, type Work } from "./work.ts";

/**
 * The brackets of a tensor of several chunks, or null: smaller ones are sampled by who merges them.
 * @param isMeasured whether the cuts are known already
 */
export async function prepareTensors(
  { works, order }: { readonly works: readonly Work[]; readonly order: number },
  isMeasured: boolean,
  pool: Pool,
): Promise<Brackets | null> {
  const readAhead: ReadAheadOperation = { kind: "readAhead", ranges: works.flatMap(rangesOf) };
  const [tensor] = works;
  if (isMeasured || tensor === undefined || isCopy(tensor) || chunkCount(tensor) < 2 || !isTies(tensor)) {
    await pool.runOne(readAhead, order);
    return null;
  }
  const sample: SampleOperation = { kind: "sample", tensors: [tensor] };
  const [, brackets] = await pool.run<ReadAheadOperation | SampleOperation>([readAhead, sample], order);
  return brackets ?? null;
}

function isTies({ arithmetic, elementCount }: TensorWork): boolean {
  return arithmetic.kind === "ties" && isSampled(arithmetic, elementCount);
}

function rangesOf(work: Work): ByteRange[] {
  if (isCopy(work)) return work.pieces.map((piece) => piece.source);
  const sources = work.base === null ? work.models : [work.base, ...work.models];
  return sources.map(({ path, byteOffset, dtype }) => ({
    path,
    byteOffset,
    byteCount: work.elementCount * DTYPE_BYTES[dtype],
  }));
}
