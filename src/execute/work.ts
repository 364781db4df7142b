/** What a merge does for one tensor: combine, or copy. */
import type { CopyOperation } from "./operations.ts";
import type { TensorWork } from "./tensor-work.ts";

/** A tensor that is copied unchanged: integers, booleans. */
export interface CopyWork {
  readonly name: string;
  /** In order, each small enough for a worker's scratch memory. */
  readonly pieces: readonly Omit<CopyOperation, "kind">[];
}

export type Work = TensorWork | CopyWork;

export function isCopy(work: Work): work is CopyWork {
  return "pieces" in work;
}

/** What a work costs, in elements; copied bytes count as one element each. */
export function costOf(work: Work): number {
  if (!isCopy(work)) return work.elementCount;
  return work.pieces.reduce((sum, piece) => sum + piece.source.byteCount, 0);
}
