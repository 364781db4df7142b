/**
 * Where a cut probably lies, from a sample of the scope. Only speed depends on it: what a sample says is
 * verified by counting everything.
 */
import type { Sampling, Tally, Window } from "../native/addon.ts";
import { narrowWindow } from "./cut-search.ts";

/** Scopes below this many elements are counted at once: a sample would cost as much as it saves. */
export const SAMPLED_FROM_ELEMENTS = 1 << 18;

/** Samples are counted in bins of 2^16 keys, 0.8 % of a magnitude wide. */
export const SAMPLE_WINDOW: Window = { low: 0, high: 0x7fffffff, shift: 16 };

/** Elements per run: 512 bytes of bf16, so that a sample reads few cache lines for each page it touches. */
const RUN_ELEMENTS = 256;
const SMALLEST_SAMPLE = 1 << 15;
const LARGEST_SAMPLE = 1 << 20;

/** Half-width of the bracket, in standard errors of the sampled rank. */
const BRACKET_SIGMAS = 4;

/** About 1/256 of a scope, spread evenly over it. */
export function samplingOf(elementCount: number): Sampling {
  const wanted = Math.min(LARGEST_SAMPLE, Math.max(SMALLEST_SAMPLE, elementCount / 256));
  const stride = Math.floor(elementCount / wanted) * RUN_ELEMENTS;
  return { run: RUN_ELEMENTS, stride: Math.max(RUN_ELEMENTS, stride) };
}

/** The window in which the key that has `share` of all keys above it lies, as a sample has it. */
export function bracketOf(sample: Tally, share: number): Window {
  const bins = new Uint32Array(sample.bins);
  let inside = 0;
  for (let i = 0; i < bins.length; i += 2) inside += bins[i] as number;
  const rank = share * inside;
  const margin = BRACKET_SIGMAS * Math.sqrt(share * (1 - share) * inside) + 1;
  const highest = binAtRank(bins, rank - margin);
  const lowest = binAtRank(bins, rank + margin);
  const { shift, high } = SAMPLE_WINDOW;
  return narrowWindow(lowest * 2 ** shift, Math.min(high, (highest + 1) * 2 ** shift - 1));
}

/** The bin in which the count from the top reaches `rank`; the lowest if it never does. */
function binAtRank(bins: Uint32Array, rank: number): number {
  let over = 0;
  for (let bin = bins.length / 2 - 1; bin > 0; bin--) {
    over += bins[2 * bin] as number;
    if (over > 0 && over >= rank) return bin;
  }
  return 0;
}
