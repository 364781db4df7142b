/**
 * Measures what must be known before a scope can be combined: trim cuts, norms, the majority sign, the
 * slack cut. A scope is a list of chunks, of one tensor or of the whole model; nothing else differs.
 */
import type { TiesArithmetic } from "../methods/method.ts";
import type { SlackTally, Tally, Window } from "../native/addon.ts";
import { CutSearch, FULL_WINDOW, type ScopeCut } from "./cut-search.ts";
import type { Brackets } from "./sampling.ts";
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

/** Parts of what is to be measured that are known already; null where one is not. */
export interface KnownParts {
  readonly trims: readonly (ScopeTrim | null)[];
  readonly norms: readonly (ScopeNorms | null)[] | null;
  /** `by rule`: nothing is measured for it. */
  readonly election: Pick<Measured, "zeroSign" | "slack"> | "by rule" | null;
}

/** Readings of a scope: of all its chunks, reported one by one in any order, or of a sample. */
export interface Sweeps {
  readonly chunks: readonly ChunkRef[];
  /** Keys that are told apart outside of their brackets; false where the brackets are all that can be measured in. */
  readonly seesAll: boolean;
  trim(
    windows: readonly (Window | null)[],
    take: (chunk: number, model: number, tally: Tally) => void,
  ): Promise<void>;
  /** Per chunk: for each model, 2 sums per block of 4,096 elements. Reported in scope order. */
  norms(trims: readonly ScopeTrim[], take: (norms: Float64Array) => void): Promise<void>;
  /** Counts the priority model's losses; with a window of null the signs of the sums of the votes instead. */
  slack(
    measured: Measured,
    window: Window | null,
    take: (chunk: number, tally: SlackTally) => void,
  ): Promise<void>;
  /** Where the cuts probably lie. */
  sample(): Promise<Brackets>;
}

/** A norm below this makes no factor (mergekit's bound). */
const SMALLEST_NORM = 1e-7;

/**
 * Measures a scope, whose chunks have densities, rescale and slack of their arithmetic in common.
 * @param brackets where the cuts probably lie, if a sample was taken already
 * @param known what needs no measuring
 * @throws {BracketMissed} if the sweeps see no more than the brackets, and these are wrong
 */
export async function measureScope(
  arithmetic: TiesArithmetic,
  sweeps: Sweeps,
  brackets?: Brackets,
  known?: KnownParts,
): Promise<Measured> {
  const whole = known === undefined ? null : wholeOf(arithmetic, known);
  if (whole !== null) return whole;
  const total = elementCountOf(sweeps.chunks);
  const kept = arithmetic.densities.map((density) => keptCount(density, total));
  const guess = brackets ?? (isSampled(arithmetic, total) ? await sweeps.sample() : null);
  const trims = await measureTrims(kept, total, sweeps, guess, known?.trims ?? []);
  const norms = arithmetic.rescale ? (knownNorms(known) ?? (await measureNorms(trims, sweeps))) : null;
  const trimmed: Measured = { trims, norms, zeroSign: fixedZeroSign(arithmetic), slack: null };
  const zeroSign =
    arithmetic.zeroSign === "majority" ? await measureMajority(trimmed, sweeps) : trimmed.zeroSign;
  const elected: Measured = { ...trimmed, zeroSign };
  if (arithmetic.slack === null || total === 0) return elected;
  return { ...elected, slack: await measureSlack(arithmetic.slack, elected, sweeps, guess) };
}

/** What a scope would be measured as, where all of it is known; else null. */
export function wholeOf(arithmetic: TiesArithmetic, known: KnownParts): Measured | null {
  const { trims, election } = known;
  const norms = arithmetic.rescale ? knownNorms(known) : null;
  if (trims.includes(null) || election === null || (arithmetic.rescale && norms === null)) return null;
  const elected = election === "by rule" ? { zeroSign: fixedZeroSign(arithmetic), slack: null } : election;
  return { trims: trims as ScopeTrim[], norms, ...elected };
}

/** All norms are measured at a stroke, so that one that is missing costs as much as all. */
function knownNorms(known: KnownParts | undefined): readonly ScopeNorms[] | null {
  const norms = known?.norms ?? null;
  return norms === null || norms.includes(null) ? null : (norms as readonly ScopeNorms[]);
}

/** Whether a scope of so many elements has cuts, which a sample can bracket. */
export function isSampled(arithmetic: TiesArithmetic, total: number): boolean {
  const isCut = (density: number) => ![0, total].includes(keptCount(density, total));
  return total > 0 && (arithmetic.slack !== null || arithmetic.densities.some(isCut));
}

/** Whether cuts are all there is to measure: no norms of what was trimmed, no count of signs. */
export function measuresOnlyCuts({ rescale, zeroSign }: TiesArithmetic): boolean {
  return !rescale && zeroSign !== "majority";
}

/** What an exactly zero vote elects; + where that is yet to be measured. */
export function fixedZeroSign({ zeroSign }: TiesArithmetic): 1 | 2 {
  return zeroSign === "priority" ? 2 : 1;
}

/** How many of the discarded parameters a slack gives back. */
export function givenCount(
  slack: NonNullable<TiesArithmetic["slack"]>,
  { retained, discarded }: { retained: number; discarded: number },
): number {
  return Math.min(discarded, Math.floor(slack.share * (slack.of === "retained" ? retained : discarded)));
}

/** How many of n elements a density keeps: a floor of the binary64 product, at least 1 above density 0. */
export function keptCount(density: number, elementCount: number): number {
  if (density <= 0) return 0;
  return Math.min(elementCount, Math.max(1, Math.floor(density * elementCount)));
}

function elementCountOf(chunks: readonly ChunkRef[]): number {
  return chunks.reduce((sum, chunk) => sum + chunkExtent(chunk).elementCount, 0);
}

async function measureTrims(
  kept: readonly number[],
  total: number,
  sweeps: Sweeps,
  brackets: Brackets | null,
  known: readonly (ScopeTrim | null)[],
): Promise<ScopeTrim[]> {
  const searches = kept.map((count, model) => {
    if (count === 0 || count === total || known[model]) return null;
    return searchIn(sweeps, brackets?.trims[model] ?? null);
  });
  const windowsLeft = () => searches.map((search) => search?.window ?? null);
  for (let windows = windowsLeft(); windows.some((window) => window !== null); windows = windowsLeft()) {
    await sweeps.trim(windows, (chunk, model, tally) => searches[model]?.take(chunk, tally));
    for (const [model, window] of windows.entries())
      if (window !== null) searches[model]?.endRound(kept[model] as number);
  }
  return searches.map((search, model): ScopeTrim => {
    const given = known[model];
    if (given) return given;
    if (search !== null) return { kind: "cut", cut: search.cut };
    return { kind: kept[model] === 0 && total > 0 ? "nothing" : "everything" };
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
  await sweeps.slack(measured, null, (_, tally) => {
    balance += tally.positive - tally.negative;
  });
  return Math.sign(balance) as -1 | 0 | 1;
}

async function measureSlack(
  slack: NonNullable<TiesArithmetic["slack"]>,
  elected: Measured,
  sweeps: Sweeps,
  brackets: Brackets | null,
): Promise<ScopeSlack> {
  const search = searchIn(sweeps, brackets?.slack ?? null);
  let counts = { retained: 0, discarded: 0 };
  for (let window = search.window; window !== null; window = search.window) {
    counts = { retained: 0, discarded: 0 };
    await sweeps.slack(elected, window, (chunk, tally) => {
      counts.retained += tally.retained;
      counts.discarded += tally.discarded;
      search.take(chunk, tally);
    });
    const given = givenCount(slack, counts);
    // Nothing to give, or everything: keys of losses are never 0, so that a cut at 0 selects them all.
    if (given === 0) return { ...counts, given, cut: null };
    if (given === counts.discarded) return { ...counts, given, cut: allLosses(sweeps.chunks.length) };
    search.endRound(given);
  }
  return { ...counts, given: givenCount(slack, counts), cut: search.cut };
}

/** A search that begins in a bracket, if there is one, and leaves it if it may. */
function searchIn(sweeps: Sweeps, bracket: Window | null): CutSearch {
  const first = bracket ?? FULL_WINDOW;
  return new CutSearch(sweeps.chunks.length, first, sweeps.seesAll ? FULL_WINDOW : first);
}

function allLosses(chunkCount: number): ScopeCut {
  return { threshold: 0, tied: 0, taken: 0, firstTies: new Array<number>(chunkCount).fill(0) };
}
