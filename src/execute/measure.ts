/**
 * Measures what must be known before a scope can be combined: trim cuts, norms, the majority sign, the
 * slack cut. A scope is a list of chunks, of one tensor or of the whole model; nothing else differs.
 */
import type { TiesArithmetic } from "../methods/method.ts";
import type { SlackTally, Tally, Window } from "../native/addon.ts";
import { CutSearch, type ScopeCut } from "./cut-search.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** How a task vector is trimmed over a scope: `keep` elements of `of`. */
export type ScopeTrim =
  | { readonly kind: "everything" | "nothing" }
  | { readonly kind: "cut"; readonly cut: ScopeCut };

/** L1 norms of a task vector before and after trim, and the factor that `rescale` makes of them. */
export interface ScopeNorms {
  readonly before: number;
  readonly after: number;
  readonly factor: number;
}

export interface ScopeSlack {
  /** The priority model's nonzero trimmed parameters, and those of them that lost. */
  readonly retained: number;
  readonly discarded: number;
  /** How many are given back. */
  readonly given: number;
  readonly cut: ScopeCut | null;
}

export interface Measured {
  readonly trims: readonly ScopeTrim[];
  readonly norms: readonly ScopeNorms[] | null;
  /** What an exactly zero vote elects: a sign, or 2 for the priority model's. */
  readonly zeroSign: -1 | 0 | 1 | 2;
  readonly slack: ScopeSlack | null;
}

/** One reading of all chunks of a scope (or of a sample of them), reported chunk by chunk in any order. */
export interface Sweeps {
  readonly chunks: readonly ChunkRef[];
  trim(
    windows: readonly (Window | null)[],
    sampled: boolean,
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void>;
  /** Per chunk: for each model, 2 sums per block of 4,096 elements. Reported in scope order. */
  norms(trims: readonly ScopeTrim[], take: (norms: Float64Array) => void): Promise<void>;
  /** Counts the priority model's losses; with a window of null the signs of the sums of the votes instead. */
  slack(
    measured: Measured,
    window: Window | null,
    sampled: boolean,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void>;
}

/** Scopes below this many elements are counted at once: a sample would cost as much as it saves. */
export const SAMPLED_FROM_ELEMENTS = 1 << 18;

/** A norm below this makes no factor (mergekit's bound). */
const SMALLEST_NORM = 1e-7;

/** What the chunks of a scope have in common: the densities, rescale and slack of its arithmetic. */
export async function measureScope(arithmetic: TiesArithmetic, sweeps: Sweeps): Promise<Measured> {
  const total = elementCountOf(sweeps.chunks);
  const trims = await measureTrims(arithmetic, total, sweeps);
  const norms = arithmetic.rescale ? await measureNorms(trims, sweeps) : null;
  const fixedSigns = { plus: 1, majority: 1, priority: 2 } as const;
  const trimmed: Measured = { trims, norms, zeroSign: fixedSigns[arithmetic.zeroSign], slack: null };
  const zeroSign =
    arithmetic.zeroSign === "majority" ? await measureMajority(trimmed, sweeps) : trimmed.zeroSign;
  const elected: Measured = { ...trimmed, zeroSign };
  if (arithmetic.slack === null || total === 0) return elected;
  return { ...elected, slack: await measureSlack(arithmetic.slack, elected, total, sweeps) };
}

/** How many of n elements a density keeps: a floor of the binary64 product, at least 1 above density 0. */
export function keptCount(density: number, elementCount: number): number {
  if (density <= 0) return 0;
  return Math.min(elementCount, Math.max(1, Math.floor(density * elementCount)));
}

function elementCountOf(chunks: readonly ChunkRef[]): number {
  return chunks.reduce((sum, chunk) => sum + chunkExtent(chunk).elementCount, 0);
}

async function measureTrims(arithmetic: TiesArithmetic, total: number, sweeps: Sweeps): Promise<ScopeTrim[]> {
  const kept = arithmetic.densities.map((density) => keptCount(density, total));
  const searches = kept.map((count) =>
    count > 0 && count < total ? new CutSearch(sweeps.chunks.length) : null,
  );
  const sweep = async (sampled: boolean) => {
    const windows = searches.map((search) => search?.window ?? null);
    if (windows.every((window) => window === null)) return false;
    await sweeps.trim(windows, sampled, (chunk, model, tally) => searches[model]?.take(chunk, tally));
    for (const [model, search] of searches.entries()) {
      if (search === null || windows[model] === null) continue;
      if (sampled) search.endSample((kept[model] as number) / total);
      else search.endRound(kept[model] as number);
    }
    return true;
  };
  if (total >= SAMPLED_FROM_ELEMENTS) await sweep(true);
  while (await sweep(false));
  return searches.map((search, model): ScopeTrim => {
    if (search !== null) return { kind: "cut", cut: search.cut };
    return { kind: (kept[model] as number) === 0 && total > 0 ? "nothing" : "everything" };
  });
}

async function measureNorms(trims: readonly ScopeTrim[], sweeps: Sweeps): Promise<ScopeNorms[]> {
  const sums = trims.map(() => ({ before: 0, after: 0 }));
  await sweeps.norms(trims, (norms) => {
    const perModel = norms.length / sums.length;
    for (const [model, sum] of sums.entries()) {
      for (let i = model * perModel; i < (model + 1) * perModel; i += 2) {
        sum.before += norms[i] as number;
        sum.after += norms[i + 1] as number;
      }
    }
  });
  return sums.map(({ before, after }) => {
    const usable = before >= SMALLEST_NORM && after >= SMALLEST_NORM;
    return { before, after, factor: usable ? before / after : 1 };
  });
}

async function measureMajority(measured: Measured, sweeps: Sweeps): Promise<-1 | 0 | 1> {
  let balance = 0;
  await sweeps.slack(measured, null, false, (_, tally) => {
    balance += tally.positive - tally.negative;
  });
  return Math.sign(balance) as -1 | 0 | 1;
}

async function measureSlack(
  slack: NonNullable<TiesArithmetic["slack"]>,
  elected: Measured,
  total: number,
  sweeps: Sweeps,
): Promise<ScopeSlack> {
  const search = new CutSearch(sweeps.chunks.length);
  let counts = { retained: 0, discarded: 0 };
  const givenOf = ({ retained, discarded }: typeof counts) =>
    Math.min(discarded, Math.floor(slack.share * (slack.of === "retained" ? retained : discarded)));
  const sweep = async (window: Window, sampled: boolean) => {
    counts = { retained: 0, discarded: 0 };
    await sweeps.slack(elected, window, sampled, (chunk, tally) => {
      counts.retained += tally.retained;
      counts.discarded += tally.discarded;
      search.take(chunk, tally);
    });
  };
  if (total >= SAMPLED_FROM_ELEMENTS && search.window !== null) {
    await sweep(search.window, true);
    const share = counts.discarded === 0 ? 1 : givenOf(counts) / counts.discarded;
    search.endSample(share);
  }
  while (search.window !== null) {
    await sweep(search.window, false);
    const given = givenOf(counts);
    // Nothing to give, or everything: keys of losses are never 0, so that a cut at 0 selects them all.
    if (given === 0) return { ...counts, given, cut: null };
    if (given === counts.discarded) return { ...counts, given, cut: allLosses(sweeps.chunks.length) };
    search.endRound(given);
  }
  return { ...counts, given: givenOf(counts), cut: search.cut };
}

function allLosses(chunkCount: number): ScopeCut {
  return { threshold: 0, tied: 0, taken: 0, firstTies: new Array<number>(chunkCount).fill(0) };
}
