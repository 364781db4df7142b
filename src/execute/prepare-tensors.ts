/** What is done for a tensor before its turn comes: its bytes are read ahead, and where its cuts lie is sampled. */
import { DTYPE_BYTES } from "../dtypes.ts";
import { isSampled } from "./measure.ts";
import type { ByteRange, ReadAheadOperation, SampleOperation } from "./operations.ts";
import type { Pool } from "./pool.ts";
import type { Brackets } from "./sampling.ts";
import type { TensorWork } from "./tensor-work.ts";
import { isCopy, type Work } from "./work.ts";

/** Reads a tensor ahead, and gives the brackets of its cuts; null where it has none to be sampled. */
export async function sampleAhead(tensor: TensorWork, order: number, pool: Pool): Promise<Brackets | null> {
  const readAhead: ReadAheadOperation = { kind: "readAhead", ranges: rangesOf(tensor) };
  const { arithmetic, elementCount } = tensor;
  if (arithmetic.kind !== "ties" || !isSampled(arithmetic, elementCount)) {
    await pool.runOne(readAhead, order);
    return null;
  }
  const sample: SampleOperation = { kind: "sample", tensors: [tensor] };
  const [, brackets] = await pool.run<ReadAheadOperation | SampleOperation>([readAhead, sample], order);
  return brackets ?? null;
}

/** The bytes of a work's inputs. */
export function rangesOf(work: Work): ByteRange[] {
  if (isCopy(work)) return work.pieces.map((piece) => piece.source);
  const sources = work.base === null ? work.models : [work.base, ...work.models];
  return sources.map(({ path, byteOffset, dtype }) => ({
    path,
    byteOffset,
    byteCount: work.elementCount * DTYPE_BYTES[dtype],
  }));
}
