/** Measures a tensor whose chunks the threads have drafted. */
import type { Drafted } from "./drafted-sweeps.ts";
import type { Measured } from "./measure.ts";
import type { Pool } from "./pool.ts";
import type { Brackets } from "./sampling.ts";
import type { ChunkRef } from "./tensor-work.ts";

/** One worker measures: drafts are known to all threads, and what else they hold stays here. */
export function settleOnPool(
  chunks: readonly ChunkRef[],
  drafts: readonly Drafted[],
  brackets: Brackets,
  pool: Pool,
  order: number,
): Promise<Measured | null> {
  const counted = drafts.map(({ draft, models, givenBack }) => ({ draft, models, givenBack }));
  return pool.runOne({ kind: "settle" as const, chunks, drafts: counted, brackets }, order);
}
