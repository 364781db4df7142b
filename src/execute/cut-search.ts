/**
 * Finds an exact cut: the threshold below which exactly `wanted` of all keys lie above or are taken among
 * the tied, by rounds of counting keys in a window of bins.
 *
 * The first window may be a guess, from a sample: it is verified by count, and where it missed it is replaced
 * by the side on which the threshold must lie. A round whose threshold bin holds a single key ends the search.
 * Half-precision task vectors have few distinct magnitudes, so that one round after a sample is the rule.
 */
import type { Tally, Window } from "../native/addon.ts";

export const FULL_WINDOW: Window = { low: 0, high: 0x7fffffff, shift: 15 };

/** Bins of a narrow window: 32 KiB of counts per chunk, which stay in the cache and cross threads cheaply. */
const NARROW_BINS = 4096;

/** A bin of 2^16 keys is the widest that can tell a single key. */
const WIDEST_BINS = 16;

/** Above this many bytes the chunks' own counts are dropped, and ties are counted by one more round. */
const KEPT_TALLY_BYTES = 16 << 20;

/** A cut over a scope. `firstTies[c]`: how many tied keys come before chunk c. */
export interface ScopeCut {
  readonly threshold: number;
  readonly tied: number;
  readonly taken: number;
  readonly firstTies: readonly number[];
}

interface Totals {
  above: number;
  inside: number;
  bins: Uint32Array;
}

/** A sample misled: the cut lies outside of its bracket. Costs a pass over everything, and nothing else. */
export class BracketMissed extends Error {
  override readonly name = "BracketMissed";
}

export class CutSearch {
  readonly #chunkCount: number;
  readonly #within: Window;
  #window: Window;
  #totals: Totals;
  #kept: (Tally | undefined)[] | null = [];
  #keptBytes = 0;
  #cut: ScopeCut | null = null;

  /** `within`: keys outside of it are not told apart, so that a search that leads there fails. */
  constructor(chunkCount: number, firstWindow: Window = FULL_WINDOW, within: Window = FULL_WINDOW) {
    this.#chunkCount = chunkCount;
    this.#within = within;
    this.#window = firstWindow;
    this.#totals = emptyTotals(firstWindow);
  }

  /** The window to count in next, or null when the cut is found. */
  get window(): Window | null {
    return this.#cut === null ? this.#window : null;
  }

  get cut(): ScopeCut {
    if (this.#cut === null) throw new Error("the cut search has not ended");
    return this.#cut;
  }

  /** Adds one chunk's counts of this round. Chunks may come in any order. */
  take(chunk: number, tally: Tally): void {
    const bins = new Uint32Array(tally.bins);
    const totals = this.#totals;
    totals.above += tally.above;
    for (let i = 0; i < bins.length; i += 2) {
      const count = bins[i] as number;
      if (count === 0) continue;
      totals.inside += count;
      totals.bins[i] = (totals.bins[i] as number) + count;
      totals.bins[i + 1] = (totals.bins[i + 1] as number) | (bins[i + 1] as number);
    }
    if (this.#kept === null) return;
    this.#kept[chunk] = tally;
    this.#keptBytes += tally.bins.byteLength;
    if (this.#keptBytes > KEPT_TALLY_BYTES) this.#kept = null;
  }

  /**
   * Ends a round over all keys: finds the cut of `wanted` keys, or narrows the window.
   * @throws {BracketMissed} where the cut lies outside of what can be told apart
   */
  endRound(wanted: number): void {
    const next = this.#settle(wanted);
    if (next !== null) this.#restart(next);
  }

  /** Sets the cut, or gives the window that the next round must count in. */
  #settle(wanted: number): Window | null {
    const { above, inside, bins } = this.#totals;
    const { low, high, shift } = this.#window;
    if (above >= wanted) return this.#windowOf(high + 1, this.#within.high);
    if (above + inside < wanted) return this.#windowOf(this.#within.low, low - 1);
    let over = above;
    let bin = bins.length / 2 - 1;
    while (over + (bins[2 * bin] as number) < wanted) over += bins[2 * bin--] as number;
    const lowSeen = bins[2 * bin + 1] as number;
    const binLow = low + bin * 2 ** shift;
    const oneKey = (lowSeen & (lowSeen >>> 16)) === 0;
    if (!oneKey) return narrowWindow(binLow, Math.min(high, binLow + 2 ** shift - 1));
    const threshold = shift === 0 ? binLow : binLow + (lowSeen & 0xffff);
    if (this.#kept === null) return { low: threshold, high: threshold, shift: 0 };
    const tied = bins[2 * bin] as number;
    this.#cut = { threshold, tied, taken: wanted - over, firstTies: this.#firstTies(bin) };
    this.#kept = null;
    return null;
  }

  #windowOf(low: number, high: number): Window {
    if (low > high) throw new BracketMissed();
    return narrowWindow(low, high);
  }

  #firstTies(bin: number): number[] {
    const firstTies: number[] = [];
    let before = 0;
    for (let chunk = 0; chunk < this.#chunkCount; chunk++) {
      firstTies.push(before);
      const tally = this.#kept?.[chunk];
      if (tally !== undefined) before += new Uint32Array(tally.bins)[2 * bin] as number;
    }
    return firstTies;
  }

  #restart(window: Window): void {
    this.#window = window;
    this.#totals = emptyTotals(window);
    this.#kept = [];
    this.#keptBytes = 0;
  }
}

/** Bins as the addon lays them out: a u32 count, a u32 of the dropped bits that were seen. */
function emptyTotals(window: Window): Totals {
  const binCount = Math.floor((window.high - window.low) / 2 ** window.shift) + 1;
  return { above: 0, inside: 0, bins: new Uint32Array(2 * binCount) };
}

/** At most so many bins, but where they would be wider than 2^16 keys: then up to 32,768. */
export function narrowWindow(low: number, high: number, mostBins = NARROW_BINS): Window {
  let shift = 0;
  while ((high - low) / 2 ** shift >= mostBins && shift < WIDEST_BINS) shift++;
  return { low, high, shift };
}
