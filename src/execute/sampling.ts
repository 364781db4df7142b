/**
 * Where the cuts of a scope probably lie, from a sample. Only speed depends on it: what a sample says is verified by
 * counting everything that it does not rule out.
 */
import type { Tally, Window } from "../native/addon.ts";
import { FULL_WINDOW, narrowWindow, type ScopeCut } from "./cut-search.ts";

/** Windows in which the cuts of a scope probably lie; null where there is no cut, or nothing is known of it. */
export interface Brackets {
  readonly trims: readonly (Window | null)[];
  readonly slack: Window | null;
  /** The share of all elements that probably lies in the brackets. */
  readonly undecided: number;
}

/** The key of a power of two: its bits as f32. */
const keyOfPower = (exponent: number) => (127 + exponent) * 2 ** 23;

/**
 * Samples are counted in bins of 2^16 keys, 0.8 % of a magnitude wide. Of task vectors from 2^-40 to 2^8, in 48 KiB of
 * counts that stay in the cache; what lies beyond is zero, or nothing is known of it but how much it is.
 */
export const TRIM_SAMPLE: Window = { low: keyOfPower(-40), high: keyOfPower(8) - 1, shift: 16 };

/** Of losses up to 2^8. Their keys count from the top, and at the top is what loses by nothing, which is frequent. */
export const LOSS_SAMPLE: Window = {
  low: FULL_WINDOW.high + 1 - keyOfPower(8),
  high: FULL_WINDOW.high,
  shift: 16,
};

/** Of a sample that has fewer keys above zero than are wanted. */
const ZERO: Window = { low: 0, high: 0, shift: 0 };

/** Counts of a sample in one of these windows. */
export interface Sample extends Tally {
  readonly window: Window;
}

/** Elements per run: 512 bytes of bf16, so that a sample reads few cache lines for each page it touches. */
const RUN_ELEMENTS = 256;
const SMALLEST_SAMPLE = 1 << 15;
const LARGEST_SAMPLE = 1 << 20;
/** A larger share makes narrower brackets, and costs as much as they save. */
const ELEMENTS_PER_SAMPLED = 128;

/** Half-width of the bracket, in standard errors of the sampled rank. */
const BRACKET_SIGMAS = 4;

/** What a sample says of one cut. */
export interface SampledCut {
  readonly bracket: Window;
  /** Sampled keys in the bracket. */
  readonly inside: number;
  /** The sample's own cut, for samples of what depends on it. */
  readonly cut: ScopeCut;
}

/** About 1/128 of a scope, spread evenly over it. */
export function samplingOf(elementCount: number): { readonly run: number; readonly stride: number } {
  const wanted = Math.min(LARGEST_SAMPLE, Math.max(SMALLEST_SAMPLE, elementCount / ELEMENTS_PER_SAMPLED));
  const stride = Math.floor(elementCount / wanted) * RUN_ELEMENTS;
  return { run: RUN_ELEMENTS, stride: Math.max(RUN_ELEMENTS, stride) };
}

/** How many of so many elements are sampled. */
export function sampledCount(elementCount: number, { run, stride }: { run: number; stride: number }): number {
  return Math.floor(elementCount / stride) * run + Math.min(elementCount % stride, run);
}

/**
 * The cut that takes the `rank` largest keys of a sample.
 * @param error the standard error of that rank: where in the sample the cut of the whole scope may lie
 */
export function sampledCut({ above, bins, window }: Sample, rank: number, error: number): SampledCut {
  const sample = new Uint32Array(bins);
  const last = sample.length / 2 - 1;
  const counted = above + countBetween(sample, 0, last);
  const margin = BRACKET_SIGMAS * error + 1;
  // Beyond the ends of a sample, keys may lie anywhere.
  const reachesTop = rank - margin <= above;
  const reachesEnd = rank + margin >= counted;
  const highest = reachesTop ? last : binAtRank(sample, rank - margin - above);
  const lowest = reachesEnd ? 0 : binAtRank(sample, rank + margin - above);
  const low = reachesEnd ? FULL_WINDOW.low : lowKeyOf(window, lowest);
  const high = reachesTop ? FULL_WINDOW.high : lowKeyOf(window, highest + 1) - 1;
  return {
    bracket: rank - margin > counted ? ZERO : narrowWindow(low, high),
    inside: countBetween(sample, lowest, highest) + (reachesTop ? above : 0),
    cut: cutAtRank(sample, rank - above, window),
  };
}

function lowKeyOf({ low, shift }: Window, bin: number): number {
  return low + bin * 2 ** shift;
}

/** Keys of 8 octaves: farther than that from all sampled keys lies none that matters, and a guess may be wrong. */
const FAR = 2 ** 26;

/** The bracket without what is far from all sampled keys, so that its bins are few; keys are at least 1. */
export function nearSample({ low, high }: Window, { above, bins, window }: Sample): Window {
  const sample = new Uint32Array(bins);
  let first = 0;
  while (first < sample.length / 2 - 1 && sample[2 * first] === 0) first++;
  let last = sample.length / 2 - 1;
  while (last > first && sample[2 * last] === 0) last--;
  const lowest = Math.max(1, low, lowKeyOf(window, first) - FAR);
  const farthest = above > 0 ? FULL_WINDOW.high : lowKeyOf(window, last + 1) - 1 + FAR;
  return narrowWindow(lowest, Math.max(lowest, Math.min(high, farthest)));
}

/**
 * As {@link sampledCut}, of a known share of so many sampled keys: the number of those above it is then binomial, and
 * certain where the sample is all there is.
 */
export function sampledCutOfShare(
  sample: Sample,
  share: number,
  total: number,
  isWhole: boolean,
): SampledCut {
  return sampledCut(sample, share * total, isWhole ? 0 : Math.sqrt(share * (1 - share) * total));
}

/** Of what is left undecided, one more round costs less than clearing, crossing threads and adding up 4,096 bins. */
const BINS_OF_DRAFTS = 512;

/** The same brackets, in fewer bins. */
export function withFewBins({ trims, slack, undecided }: Brackets): Brackets {
  const coarser = (window: Window | null) =>
    window === null ? null : narrowWindow(window.low, window.high, BINS_OF_DRAFTS);
  return { trims: trims.map(coarser), slack: coarser(slack), undecided };
}

/** Plain loops here: these arrays are long, and callbacks took a tenth of a merge's time. */
function countBetween(sample: Uint32Array, first: number, last: number): number {
  let count = 0;
  for (let i = 2 * first; i <= 2 * last; i += 2) count += sample[i] as number;
  return count;
}

/** The bin in which the count from the top reaches `rank`; the lowest if it never does. */
function binAtRank(sample: Uint32Array, rank: number): number {
  let over = 0;
  for (let i = sample.length - 2; i > 0; i -= 2) {
    over += sample[i] as number;
    if (over > 0 && over >= rank) return i / 2;
  }
  return 0;
}

/** Takes a bin that holds a single key as its ties, as a cut would, and of others a part. */
function cutAtRank(sample: Uint32Array, rank: number, window: Window): ScopeCut {
  const bin = binAtRank(sample, rank);
  const tied = sample[2 * bin] as number;
  const over = countBetween(sample, bin + 1, sample.length / 2 - 1);
  const taken = Math.min(tied, Math.max(0, Math.round(rank - over)));
  const lowSeen = sample[2 * bin + 1] as number;
  const binLow = lowKeyOf(window, bin);
  if ((lowSeen & (lowSeen >>> 16)) === 0)
    return { threshold: binLow + (lowSeen & 0xffff), tied, taken, firstTies: [0] };
  const part = tied === 0 ? 0 : Math.floor((1 - taken / tied) * 2 ** window.shift);
  return { threshold: binLow + part, tied: 0, taken: 0, firstTies: [0] };
}
