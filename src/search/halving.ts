/**
 * Successive halving (Jamieson and Talwalkar 2016): all candidates on few rows, the best of them on more, until those
 * that are left have been scored on all.
 */
import type { SearchSpec } from "./spec.ts";

/** Rows of each task in each round; without halving there is one round, of all rows. */
export function roundsOf(halving: SearchSpec["halving"], allRows: number): number[] {
  const rounds: number[] = [];
  if (halving !== null)
    for (let rows = halving.rows; Math.round(rows) < allRows; rows *= halving.factor)
      rounds.push(Math.round(rows));
  return [...rounds, allRows];
}

/** Candidates of a round: one in `factor` of the round before it, at least one. */
export function survivorCount(candidates: number, factor: number): number {
  return Math.max(1, Math.ceil(candidates / factor));
}

/** The best of a round, in the order of their numbers; of equals the first, and none that failed. */
export function survivors<T extends { readonly number: number; readonly objective: number | null }>(
  round: readonly T[],
  factor: number,
): T[] {
  return round
    .filter(({ objective }) => objective !== null)
    .sort((a, b) => (b.objective as number) - (a.objective as number) || a.number - b.number)
    .slice(0, survivorCount(round.length, factor))
    .sort((a, b) => a.number - b.number);
}
