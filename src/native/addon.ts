/**
 * The native addon as typed functions. Thin: one native call each, plain data in and out.
 * Keys are 31-bit integers that order like magnitudes; see `docs/architecture.md`.
 */
import type { FloatDtype } from "../dtypes.ts";
import type { LossTally, NativeAnalysis, NativeAnalysisDraft } from "./analysis.ts";
import { loadAddon } from "./load.ts";
import type { NativeOutput } from "./output.ts";

export type {
  LossTally,
  NativeAnalysis,
  NativeAnalysisDraft,
  NativeModelAnalysis,
  NativePair,
} from "./analysis.ts";
export type { NativeEncoding, NativeOutput } from "./output.ts";

declare const mappedFile: unique symbol;
declare const outputFile: unique symbol;
/** A mapping of an input file, shared by all threads of the process. */
export interface MappedFileHandle {
  readonly [mappedFile]: true;
}
/** An output shard open for writing. */
export interface OutputFileHandle {
  readonly [outputFile]: true;
}

/** Elements in a mapped file, `byteOffset` from its start. */
export interface NativeSource {
  file: MappedFileHandle;
  byteOffset: number;
  dtype: FloatDtype;
  /** Whether an earlier pass has read these elements: their pages are then mapped already. Only speed depends on it. */
  readBefore?: boolean;
}

/** An exact selection: keys above `threshold`, and `taken` of the `tied` ones equal to it, spread evenly. */
export interface NativeCut {
  threshold: number;
  tied: number;
  taken: number;
  /** How many tied elements of the scope come before this chunk. */
  firstTie: number;
}

export interface NativeModel {
  source: NativeSource;
  weight: number;
  /** The weight, or 1 where the election ignores weights. */
  voteWeight: number;
  /** Multiplies the trimmed task vector. */
  rescale: number;
  trim: "everything" | "nothing" | NativeCut;
}

export interface NativeJob {
  base: NativeSource | null;
  models: NativeModel[];
  elementCount: number;
}

/** Keys from `low` to `high`, told apart in bins of 2^shift keys. */
export interface Window {
  low: number;
  high: number;
  shift: number;
}

/** Runs of `run` elements, one every `stride`. */
export interface Sampling {
  run: number;
  stride: number;
  /** Maps the pages of all elements first. */
  populates?: boolean;
}

/**
 * `bins`: per bin a u32 count, then a u32 that collects the key bits that the bin drops: their OR in the lower
 * half, that of their complements in the upper. No bit in both halves: the bin holds a single key.
 */
export interface Tally {
  above: number;
  bins: ArrayBuffer;
}

export interface SlackTally extends Tally {
  positive: number;
  negative: number;
  retained: number;
  discarded: number;
}

/** `zeroSign`: what an exactly zero vote elects: -1, 0 (nothing), 1, or 2 for the priority model's sign. */
export interface NativeElection {
  zeroSign: -1 | 0 | 1 | 2;
  priority: number;
}

export interface NativeCombination {
  lambda: number;
  normalize: boolean;
  slack: NativeCut | null;
}

/** Counts of one task vector: exactly zero; nonzero after trim; opposed by another; lost before slack. */
export interface ModelCounts {
  zero: number;
  retained: number;
  inConflict: number;
  discarded: number;
}

export interface ChunkCounts {
  models: ModelCounts[];
  conflicts: number;
  givenBack: number;
  saturated: number;
}

export interface ChunkResult extends ChunkCounts {
  /** XXH3-128 of the chunk's bytes as written. */
  hash: string;
}

export interface ChunkFailure {
  /** `unfit`: merged to a value that the encoding cannot hold. */
  failure: { status: "notFinite" | "overflow" | "unfit"; element: number; source: number };
}

export interface NativeDifference {
  differing: number;
  sameSign: number;
  notFinite: number;
  maxAbsolute: number;
  /** Per block of 4,096 elements: sum (a - b)^2 and sum a^2. */
  squares: Float64Array;
}

/** A chunk that is drafted, by its number; `models` as a job has them, without sources. */
export interface NativeDraftJob {
  draft: number;
  models: Omit<NativeModel, "source">[];
}

/** The lowest undecided key of each model's cut, and of the slack cut; null where there is none. */
export interface NativeBrackets {
  trimLows: (number | null)[];
  slackLow: number | null;
}

/** A drafted chunk: the counts are those of its decided elements. */
export interface NativeDraft extends ChunkCounts {
  draft: number;
  undecided: number;
}

export type CombineKind = "linear" | "task" | "ties";

export interface NativeAddon {
  readonly kernel: string;
  readonly supportedKernels: readonly string[];
  readonly blockElements: number;
  /** `borrows`: what is not in the page cache yet leaves it again when it is read for the last time, or the mapping goes. */
  mapFile(path: string, borrows?: boolean): MappedFileHandle;
  closeFile(file: MappedFileHandle): void;
  readAhead(file: MappedFileHandle, byteOffset: number, byteCount: number): void;
  hashRange(file: MappedFileHandle, byteOffset: number, byteCount: number): string;
  /** XXH3-128 of bytes in memory. */
  hashBytes(bytes: Uint8Array): string;
  reserveFile(path: string, byteCount: number): void;
  openOutput(path: string): OutputFileHandle;
  closeOutput(file: OutputFileHandle): void;
  /**
   * Takes the exclusive lock of an open file, if no other open file has it; it lives as long as the descriptor.
   * Throws where the file system has no locks.
   */
  tryLock(descriptor: number): boolean;
  /** Whether another open file has the lock. */
  isLocked(descriptor: number): boolean;
  /** Swaps two paths in one step; false, and nothing done, where the system or the file system cannot. */
  exchangePaths(a: string, b: string): boolean;
  tallyTrim(
    job: { base: NativeSource; model: NativeSource; elementCount: number },
    window: Window,
    sampling: Sampling | null,
    /** Counts of an earlier call with the same window, which are gone on with. */
    earlier?: Tally | null,
  ): Tally;
  tallySlack(
    job: NativeJob,
    election: NativeElection,
    window: Window,
    sampling: Sampling | null,
    earlier?: Tally | null,
  ): SlackTally;
  blockNorms(job: NativeJob): Float64Array;
  compare(a: NativeSource, b: NativeSource, elementCount: number): NativeDifference;
  combine(
    kind: CombineKind,
    job: NativeJob,
    election: NativeElection,
    combination: NativeCombination,
    output: NativeOutput,
  ): Promise<ChunkResult> | ChunkFailure;
  /**
   * Combines a chunk where brackets decide: a cut's threshold is the top of its bracket, and takes none of the tied.
   * Null where a draft is of no use: too much is undecided, or a number is not finite or too large.
   */
  draftTies(
    job: NativeJob,
    election: NativeElection,
    combination: NativeCombination,
    brackets: NativeBrackets,
    output: { byteOffset: number; dtype: FloatDtype },
  ): NativeDraft | null;
  /** As `tallyTrim`, of the undecided elements of a draft. */
  tallyDraftTrim(job: { draft: number }, model: number, window: Window): Tally;
  /** As `tallySlack`, of the undecided elements of a draft. */
  tallyDraftSlack(job: NativeDraftJob, election: NativeElection, window: Window): SlackTally;
  /** As `combine`, of the undecided elements of a draft, whose counts it gives; writes, and hashes, the whole chunk. */
  finishDraft(
    job: NativeDraftJob,
    election: NativeElection,
    combination: NativeCombination,
    output: NativeOutput,
  ): Promise<ChunkResult> | ChunkFailure;
  /** Forgets a draft that will not be finished; one that is gone already is no error. */
  dropDraft(draft: number): void;
  /** Gives idle scratch memory back to the system. */
  releaseScratch(): void;
  /** Seconds that the calling thread has had a core. */
  threadCpuSeconds(): number;
  analyse(
    job: NativeJob,
    election: NativeElection,
    slack: NativeCut | null,
    /** The blocks whose octaves are counted: the first of the chunk's, and every how manieth after it. */
    octaves: { first: number; stride: number },
  ): NativeAnalysis | ChunkFailure;
  /** As `analyse`, where brackets decide; null as for `draftTies`. */
  draftAnalysis(
    job: NativeJob,
    election: NativeElection,
    slack: NativeCut | null,
    octaves: { first: number; stride: number },
    brackets: NativeBrackets,
  ): NativeAnalysisDraft | null;
  /** As `analyse`, of the undecided elements of a draft, and sums of blocks of these. The draft is gone then. */
  analyseDraft(job: NativeDraftJob, election: NativeElection, slack: NativeCut | null): NativeAnalysis;
  tallyLosses(job: NativeJob, election: NativeElection): LossTally;
  /**
   * Counts by the trims that keep each of two task vectors, and by who wins; null where votes underflow. The
   * job's models are the first one `firstCount` times, with a trim each, then the second one.
   */
  tallyClasses(job: NativeJob, firstCount: number, election: NativeElection): Uint32Array | null;
  copyRange(
    source: { file: MappedFileHandle; byteOffset: number },
    byteCount: number,
    output: Pick<NativeOutput, "file" | "byteOffset">,
  ): Promise<{ hash: string }>;
}

let loaded: NativeAddon | undefined;

/**
 * The addon, loaded on first use: commands that need no kernels start without it.
 * @throws {TiesmithError} `ADDON_MISSING`
 */
export function addon(): NativeAddon {
  loaded ??= loadAddon() as NativeAddon;
  return loaded;
}

/** Puts another in its place for this thread, as {@link watchCalls} does. */
export function replaceAddon(other: NativeAddon): void {
  loaded = other;
}
