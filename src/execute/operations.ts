/** What the pool's workers can be asked to do, and what they answer: plain data only. */
import type { Problem } from "../errors.ts";
import type {
  ChunkCounts,
  ChunkResult,
  LossTally,
  NativeAnalysis,
  NativeAnalysisDraft,
  NativeDifference,
  NativeDraft,
  SlackTally,
  Tally,
  Window,
} from "../native/addon.ts";
import type { Drafted } from "./drafted-sweeps.ts";
import type { Measured } from "./measure.ts";
import type { ChunkMeasured } from "./native-job.ts";
import type { Brackets } from "./sampling.ts";
import type { ChunkRef, SourceRef, TensorWork } from "./tensor-work.ts";

export interface ByteRange {
  readonly path: string;
  readonly byteOffset: number;
  readonly byteCount: number;
}

/** Counts |tau| of each model that has a window. */
export interface TrimOperation {
  readonly kind: "trim";
  readonly chunk: ChunkRef;
  readonly windows: readonly (Window | null)[];
}

/** Samples whole tensors as one scope. */
export interface SampleOperation {
  readonly kind: "sample";
  readonly tensors: readonly TensorWork[];
}

export interface NormsOperation {
  readonly kind: "norms";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
}

/** Counts the priority model's losses, or (`window`: null) the signs of the sums of the votes. */
export interface SlackOperation {
  readonly kind: "slack";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
  readonly window: Window | null;
}

export interface CombineOperation {
  readonly kind: "combine";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
}

/** Combines a chunk where brackets decide. */
export interface DraftOperation {
  readonly kind: "draft";
  readonly chunk: ChunkRef;
  readonly brackets: Brackets;
}

/** Measures a tensor from what its drafts left undecided. */
export interface SettleOperation {
  readonly kind: "settle";
  readonly chunks: readonly ChunkRef[];
  readonly drafts: readonly Drafted[];
  readonly brackets: Brackets;
}

/** Combines what a draft left undecided, and writes the chunk. */
export interface FinishOperation {
  readonly kind: "finish";
  readonly chunk: ChunkRef;
  readonly draft: NativeDraft;
  readonly measured: ChunkMeasured;
}

/** Measures, combines and writes a tensor of few chunks at a stroke. */
export interface WholeOperation {
  readonly kind: "whole";
  readonly tensor: TensorWork;
}

export interface CopyOperation {
  readonly kind: "copy";
  readonly source: ByteRange;
  readonly output: { readonly path: string; readonly byteOffset: number };
}

export interface HashOperation {
  readonly kind: "hash";
  readonly range: ByteRange;
}

export interface CompareOperation {
  readonly kind: "compare";
  readonly a: SourceRef;
  readonly b: SourceRef;
  readonly elementCount: number;
}

/** Analyses the election of a chunk, and writes nothing. */
export interface AnalyseOperation {
  readonly kind: "analyse";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
}

/** Analyses a chunk where brackets decide. */
export interface DraftAnalysisOperation {
  readonly kind: "draftAnalysis";
  readonly chunk: ChunkRef;
  readonly brackets: Brackets;
}

/** Analyses what a draft left undecided, too. */
export interface FinishAnalysisOperation {
  readonly kind: "finishAnalysis";
  readonly chunk: ChunkRef;
  readonly draft: NativeAnalysisDraft;
  readonly measured: ChunkMeasured;
}

/** Measures and analyses a tensor of few chunks at a stroke. */
export interface WholeAnalysisOperation {
  readonly kind: "wholeAnalysis";
  readonly tensor: TensorWork;
}

/** Counts the priority model's losses by how narrowly they lost. */
export interface LossesOperation {
  readonly kind: "losses";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
}

/** Counts elements by class: which of several trims keep each of two task vectors, and who wins. */
export interface ClassesOperation {
  readonly kind: "classes";
  readonly chunk: ChunkRef;
  readonly measured: ChunkMeasured;
  /** How many of the chunk's models are the first task vector. */
  readonly firstCount: number;
}

/** Asks the system to read ranges soon. */
export interface ReadAheadOperation {
  readonly kind: "readAhead";
  readonly ranges: readonly ByteRange[];
}

export type Operation =
  | TrimOperation
  | SampleOperation
  | NormsOperation
  | SlackOperation
  | CombineOperation
  | DraftOperation
  | SettleOperation
  | FinishOperation
  | WholeOperation
  | CopyOperation
  | HashOperation
  | CompareOperation
  | AnalyseOperation
  | DraftAnalysisOperation
  | FinishAnalysisOperation
  | WholeAnalysisOperation
  | LossesOperation
  | ClassesOperation
  | ReadAheadOperation;

/** What a whole tensor came to. */
export interface TensorOutcome {
  /** XXH3-128 of each chunk, in order. */
  readonly hashes: readonly string[];
  readonly counts: ChunkCounts | null;
  /** Null for methods that measure nothing, and where the measuring was done over the whole model. */
  readonly measured: Measured | null;
}

/** What a tensor's analysis came to. */
export interface TensorAnalysis {
  readonly measured: Measured;
  /** One a chunk, in order. */
  readonly analyses: readonly NativeAnalysis[];
}

export interface OperationAnswers {
  trim: readonly (Tally | null)[];
  sample: Brackets;
  norms: Float64Array;
  slack: SlackTally;
  combine: ChunkResult;
  /** Null where a draft is of no use. */
  draft: NativeDraft | null;
  /** Null where a sample misled. */
  settle: Measured | null;
  finish: ChunkResult;
  whole: TensorOutcome;
  copy: { hash: string };
  hash: string;
  compare: NativeDifference;
  analyse: NativeAnalysis;
  /** Null where a draft is of no use. */
  draftAnalysis: NativeAnalysisDraft | null;
  finishAnalysis: NativeAnalysis;
  wholeAnalysis: TensorAnalysis;
  losses: LossTally;
  classes: Uint32Array | null;
  readAhead: null;
}

export type Answer<O extends Operation> = OperationAnswers[O["kind"]];

/** One task of the pool: operations that run one after the other on one thread. */
export interface Batch {
  readonly operations: readonly Operation[];
}

/** Errors lose their class across threads, so that a failed batch is answered, not thrown. */
export type BatchAnswer = { readonly answers: readonly unknown[] } | { readonly problem: Problem };

/** The places in {@link WorkerSetting.shared}. */
export const CANCELLED = 0;
export const BORROWS = 1;

/** What every worker is born with. */
export interface WorkerSetting {
  /**
   * Two Int32: nonzero once the run is cancelled, read between operations; and once inputs only borrow the page cache,
   * read when one is opened.
   */
  readonly shared: SharedArrayBuffer;
  /** How many chunks of whole tensors it may hold in memory. */
  readonly chunks: number;
}

/** What a worker posts after each batch, where its times are wanted. */
export interface TimedMessage {
  readonly thread: number;
  /** A line for people, or of JSON. */
  readonly timed: string;
}

/** What a worker posts when it has loaded its modules. */
export interface LoadedMessage {
  /** The thread's id. */
  readonly loaded: number;
}
