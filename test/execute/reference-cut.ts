/** An exact selection by sorting: what cuts must be equal to. */

export interface CutFacts {
  readonly threshold: number;
  /** Keys equal to the threshold, and how many of them are taken. */
  readonly tied: number;
  readonly taken: number;
}

/**
 * Selects exactly the `wanted` (from 1 to all) largest keys. Of the t keys equal to the threshold, of which m are
 * still wanted, the j-th in index order is taken iff floor((j + 1) m / t) > floor(j m / t).
 */
export function exactCut(
  keys: readonly number[],
  wanted: number,
): { readonly selected: boolean[]; readonly facts: CutFacts } {
  const descending = Float64Array.from(keys).sort().reverse();
  const threshold = descending[wanted - 1] as number;
  const tied = keys.filter((key) => key === threshold).length;
  const taken = wanted - keys.filter((key) => key > threshold).length;
  let j = -1;
  const selected = keys.map((key) => {
    if (key !== threshold) return key > threshold;
    j += 1;
    return (BigInt(j + 1) * BigInt(taken)) / BigInt(tied) > (BigInt(j) * BigInt(taken)) / BigInt(tied);
  });
  return { selected, facts: { threshold, tied, taken } };
}
