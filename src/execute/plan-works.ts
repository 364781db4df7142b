/** From the plan's tensors to the works that the pool carries out. */
import { join } from "node:path";
import { DTYPE_BYTES, type FloatDtype } from "../dtypes.ts";
import { GGUF_TYPES } from "../gguf/layout.ts";
import type { MergePlan, PlannedSource, PlannedTensor } from "../plan/merge-plan.ts";
import { COPIED_PIECE_BYTES } from "./hash-grid.ts";
import type { SourceRef, WorkEncoding } from "./tensor-work.ts";
import type { Work } from "./work.ts";

/** The works of a plan in its order, writing below `folder`. */
export function planWorks(plan: MergePlan, folder: string, saturate: boolean): Work[] {
  return plan.tensors.map((tensor) => workOf(tensor, plan, folder, saturate));
}

function workOf(tensor: PlannedTensor, plan: MergePlan, folder: string, saturate: boolean): Work {
  const { name, elementCount, chunkElements, base, models, arithmetic, output, gguf } = tensor;
  const path = join(folder, plan.shards[output.shardIndex]?.name as string);
  if (arithmetic === null) return { name, pieces: piecesOf(tensor, path) };
  return {
    name,
    elementCount,
    chunkElements,
    base: base === null ? null : floatSource(base),
    models: models.map(floatSource),
    arithmetic,
    output: {
      path,
      byteOffset: output.byteOffset,
      dtype: output.dtype as FloatDtype,
      saturate,
      encoding: encodingOf(gguf),
    },
  };
}

function encodingOf(gguf: PlannedTensor["gguf"]): WorkEncoding | null {
  if (gguf === null || gguf.encoding === null) return null;
  const { blockElements, blockBytes } = GGUF_TYPES[gguf.type];
  return { ...gguf.encoding, blockElements, blockBytes };
}

/** The planner lets only float tensors have an arithmetic. */
function floatSource({ path, byteOffset, dtype }: PlannedSource): SourceRef {
  return { path, byteOffset, dtype: dtype as FloatDtype };
}

function piecesOf({ base, models, elementCount, output }: PlannedTensor, path: string) {
  const source = (base ?? models[0]) as PlannedSource;
  const byteLength = elementCount * DTYPE_BYTES[output.dtype];
  return Array.from({ length: Math.ceil(byteLength / COPIED_PIECE_BYTES) }, (_, i) => {
    const offset = i * COPIED_PIECE_BYTES;
    const byteCount = Math.min(COPIED_PIECE_BYTES, byteLength - offset);
    return {
      source: { path: source.path, byteOffset: source.byteOffset + offset, byteCount },
      output: { path, byteOffset: output.byteOffset + offset },
    };
  });
}
