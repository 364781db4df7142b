/** Analyses tensors in the reading that measures them. */

import { byDrafts } from "./by-drafts.ts";
import { isDraftable } from "./drafted-sweeps.ts";
import { isSampled, measuresOnlyCuts } from "./measure.ts";
import type { TensorAnalysis } from "./operations.ts";
import type { Pool } from "./pool.ts";
import { settleOnPool } from "./pool-drafts.ts";
import { chunkCount, chunksOf, type TensorWork } from "./tensor-work.ts";

/**
 * What a tensor's drafts leave undecided stays in memory until it is measured: at most 45 MB by these bounds, where a merge
 * would hold outputs. They are the same for any number of threads, since sums of decided elements come before those of others.
 */
const MOST_DRAFTED_CHUNKS = 32;
const MOST_UNDECIDED = 7.5e6;

/** Whether the arithmetic lets a tensor be measured by drafts: where it does not, several may share their passes. */
export function isAnalysedAlone({ arithmetic }: TensorWork): boolean {
  return arithmetic.kind === "ties" && measuresOnlyCuts(arithmetic);
}

/**
 * Analyses works on the same sources, one after the other where one thread can: the sources stay in its cache. Null for
 * those that are yet to be measured.
 * @throws {TiesmithError} what the pool throws
 */
export function analyseTensors(
  works: readonly TensorWork[],
  pool: Pool,
  order: number,
): Promise<(TensorAnalysis | null)[]> {
  const [first] = works;
  if (first === undefined) return Promise.resolve([]);
  if (chunkCount(first) <= pool.chunksPerThread)
    return pool.run(
      works.map((tensor) => ({ kind: "wholeAnalysis" as const, tensor })),
      order,
    );
  return Promise.all(works.map((tensor) => analyseSpread(tensor, pool, order)));
}

async function analyseSpread(tensor: TensorWork, pool: Pool, order: number): Promise<TensorAnalysis | null> {
  const { arithmetic, elementCount } = tensor;
  if (arithmetic.kind !== "ties" || !isSampled(arithmetic, elementCount)) return null;
  if (chunkCount(tensor) > MOST_DRAFTED_CHUNKS) return null;
  const brackets = await pool.runOne({ kind: "sample" as const, tensors: [tensor] }, order);
  if (!isDraftable(arithmetic, brackets, "analysis")) return null;
  if (brackets.undecided * elementCount > MOST_UNDECIDED) return null;
  const chunks = chunksOf(tensor);
  const drafted = await byDrafts(chunks, {
    draft: (chunk) => pool.runOne({ kind: "draftAnalysis" as const, chunk, brackets }, order),
    settle: (drafts) => settleOnPool(chunks, drafts, brackets, pool, order),
    finish: (chunk, draft, measured) =>
      pool.runOne({ kind: "finishAnalysis" as const, chunk, draft, measured }, order),
  });
  return drafted && { measured: drafted.measured, analyses: drafted.results };
}
