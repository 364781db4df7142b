/** How sure a score is. */

/** A share of right rows with its standard error and 95 % interval, all from 0 to 1. */
export interface Estimate {
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
}

/** The 0.975 quantile of the normal distribution. */
export const Z95 = 1.959963984540054;

/**
 * Accuracy of `correct` of `count` rows. The standard error is that of the mean of a sample, √(p(1−p)/(n−1)), as
 * lm-evaluation-harness gives it; the interval is Wilson's, which stays inside 0 to 1.
 */
export function accuracy(correct: number, count: number): Estimate {
  const value = correct / count;
  const standardError = count > 1 ? Math.sqrt((value * (1 - value)) / (count - 1)) : 0;
  const z2 = Z95 ** 2;
  const centre = (value + z2 / (2 * count)) / (1 + z2 / count);
  const half = (Z95 / (1 + z2 / count)) * Math.sqrt((value * (1 - value)) / count + z2 / (4 * count ** 2));
  return { value, standardError, low: Math.max(0, centre - half), high: Math.min(1, centre + half) };
}

/** The mean of independent estimates, each task with the same weight, as in Table 3 of the paper. */
export function average(estimates: readonly Estimate[]): Estimate {
  const count = estimates.length;
  const value = estimates.reduce((sum, estimate) => sum + estimate.value, 0) / count;
  const variance = estimates.reduce((sum, { standardError }) => sum + standardError ** 2, 0);
  const standardError = Math.sqrt(variance) / count;
  const half = Z95 * standardError;
  return { value, standardError, low: Math.max(0, value - half), high: Math.min(1, value + half) };
}

/** How two models differ on the same rows. */
export interface PairedDifference {
  /** Accuracy of the first less that of the second. */
  readonly difference: number;
  /** 95 % interval of the difference: quantiles of the resamples. */
  readonly low: number;
  readonly high: number;
  /** Two-sided: twice the share of resamples on the other side of zero, ties counted half, at most 1. */
  readonly pValue: number;
}

const RESAMPLES = 10_000;

/** Paired bootstrap over rows (Koehn 2004), with a fixed seed. */
export function pairedBootstrap(
  first: readonly boolean[],
  second: readonly boolean[],
  seed = 1,
): PairedDifference {
  const differences = first.map((right, i) => Number(right) - Number(second[i]));
  const count = differences.length;
  const random = generator(seed);
  const means = Float64Array.from({ length: RESAMPLES }, () => {
    let sum = 0;
    for (let i = 0; i < count; i++) sum += differences[Math.floor(random() * count)] as number;
    return sum / count;
  }).sort();
  const difference = differences.reduce((sum, value) => sum + value, 0) / count;
  const below = means.filter((mean) => mean < 0).length + means.filter((mean) => mean === 0).length / 2;
  const share = below / RESAMPLES;
  const quantile = (q: number) => means[Math.min(RESAMPLES - 1, Math.floor(q * RESAMPLES))] as number;
  return {
    difference,
    low: quantile(0.025),
    high: quantile(0.975),
    pValue: Math.min(1, 2 * Math.min(share, 1 - share)),
  };
}

/** Mulberry32: 32 bits of state, enough for resampling, the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
