/** Operations that look at an election and write nothing. Failures of the numbers become errors for people. */
import { TiesmithError } from "../errors.ts";
import { addon, type ChunkFailure, type LossTally, type NativeAnalysis } from "../native/addon.ts";
import { nativeElection, nativeJob } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { AnalyseOperation, ClassesOperation, LossesOperation } from "./operations.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/**
 * Of tensors above a million elements, magnitudes are counted by octave in one block of so many: counting them all takes
 * as long as the rest of the analysis. A block of 4,096 in 64 tells a share of 1 % of 4 million elements to ±0.04 %.
 */
const OCTAVE_STRIDE = 64;
const COUNTED_WHOLE_BLOCKS = 256;

/** The blocks of a chunk whose octaves are counted, as a rule over the whole tensor: chunks change nothing. */
export function octaveBlocks(chunk: ChunkRef): { first: number; stride: number } {
  const { blockElements } = addon();
  const blocks = Math.ceil(chunk.tensor.elementCount / blockElements);
  const stride = blocks > COUNTED_WHOLE_BLOCKS ? OCTAVE_STRIDE : 1;
  const before = chunkExtent(chunk).elementOffset / blockElements;
  return { first: (stride - (before % stride)) % stride, stride };
}

/** @throws {TiesmithError} `NOT_FINITE` or `OVERFLOW`, naming tensor and index */
export function runAnalyse({ chunk, measured }: AnalyseOperation, files: OpenFiles): NativeAnalysis {
  const job = nativeJob(chunk, measured, files.input, "trimmed");
  const election = nativeElection(chunk.tensor.arithmetic, measured);
  const result = addon().analyse(job, election, measured.slack, octaveBlocks(chunk));
  if ("failure" in result) throw notFinite(chunk, result);
  return result;
}

/** Counts losses; NaN and Inf are found by the analysis of the same chunk. */
export function runLosses({ chunk, measured }: LossesOperation, files: OpenFiles): LossTally {
  const job = nativeJob(chunk, measured, files.input, "everything");
  return addon().tallyLosses(job, nativeElection(chunk.tensor.arithmetic, measured));
}

/** Null where the chunk's votes underflow, so that classes cannot tell who wins. */
export function runClasses(operation: ClassesOperation, files: OpenFiles): Uint32Array | null {
  const { chunk, measured, firstCount } = operation;
  const { arithmetic } = chunk.tensor;
  const isTies = arithmetic.kind === "ties" && arithmetic.priority !== null;
  // Of the trims' numbering; in the election there are two models.
  const priority = isTies ? ((arithmetic.priority as number) < firstCount ? 0 : 1) : -1;
  const job = nativeJob(chunk, measured, files.input, "trimmed");
  return addon().tallyClasses(job, firstCount, { zeroSign: measured.zeroSign, priority });
}

export function notFinite(chunk: ChunkRef, { failure }: ChunkFailure): TiesmithError {
  const { name, base, models } = chunk.tensor;
  const index = chunkExtent(chunk).elementOffset + failure.element;
  if (failure.status === "overflow")
    return new TiesmithError(
      "OVERFLOW",
      `Expected the task vectors of ${name} to fit F32, but element ${index} of one overflows`,
      { tensor: name, index },
    );
  const source = failure.source === 0 ? base : models[failure.source - 1];
  return new TiesmithError(
    "NOT_FINITE",
    `Expected finite numbers in ${name}, but element ${index} in ${source?.path} is NaN or Inf`,
    { tensor: name, index, path: source?.path },
  );
}
