/** Samples whole tensors, as one scope, for the brackets of its cuts. */
import type { TiesArithmetic } from "../methods/method.ts";
import { addon, type Sampling, type SlackTally, type Tally, type Window } from "../native/addon.ts";
import { fixedZeroSign, givenCount, keptCount, type Measured, type ScopeTrim } from "./measure.ts";
import { measuredForChunk, nativeElection, nativeJob } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { SampleOperation } from "./operations.ts";
import {
  type Brackets,
  LOSS_SAMPLE,
  nearSample,
  type Sample,
  type SampledCut,
  sampledCount,
  sampledCut,
  sampledCutOfShare,
  samplingOf,
  TRIM_SAMPLE,
} from "./sampling.ts";
import type { ChunkRef, TensorWork } from "./tensor-work.ts";

export function runSample({ tensors }: SampleOperation, files: OpenFiles): Brackets {
  const arithmetic = tensors[0]?.arithmetic;
  if (arithmetic?.kind !== "ties") throw new TypeError("only the TIES family is sampled");
  const total = tensors.reduce((sum, tensor) => sum + tensor.elementCount, 0);
  // Of one tensor all else is read next. Mapping its pages one by one, as the sample comes to them, costs twice as much.
  const sampling: Sampling = { ...samplingOf(total), populates: tensors.length === 1 };
  const sampled = tensors.reduce((sum, { elementCount }) => sum + sampledCount(elementCount, sampling), 0);
  const trims = arithmetic.densities.map((density, model) => {
    const kept = keptCount(density, total);
    if (kept === 0 || kept === total) return null;
    const sample = sampleTrim(tensors, model, sampling, files);
    return sampledCutOfShare(sample, kept / total, sampled, sampling.run === sampling.stride);
  });
  // Rescaled votes are unknown before all norms are.
  const slack =
    arithmetic.slack === null || arithmetic.rescale
      ? null
      : sampleSlack(tensors, { ...guess(arithmetic, trims), slack: null }, sampling, files);
  const insides = [...trims.map((trim) => trim?.inside ?? 0), slack?.inside ?? 0];
  return {
    trims: trims.map((trim) => trim?.bracket ?? null),
    slack: slack?.bracket ?? null,
    undecided: (insides.reduce((sum, inside) => sum + inside, 0) * sampling.stride) / (sampling.run * total),
  };
}

/** What the sample would have measured. */
function guess(
  arithmetic: TiesArithmetic,
  cuts: readonly (SampledCut | null)[],
): Pick<Measured, "trims" | "norms" | "zeroSign"> {
  const trims = cuts.map((sampled, model): ScopeTrim => {
    if (sampled !== null) return { kind: "cut", cut: sampled.cut };
    return { kind: arithmetic.densities[model] === 0 ? "nothing" : "everything" };
  });
  return { trims, norms: null, zeroSign: fixedZeroSign(arithmetic) };
}

/** A sample is counted and used without a pause, so that one array of each size serves all of a thread's. */
const TRIM_BINS = binsOf(TRIM_SAMPLE);
const LOSS_BINS = binsOf(LOSS_SAMPLE);

function binsOf({ low, high, shift }: Window): ArrayBuffer {
  return new ArrayBuffer((8 * (high + 1 - low)) / 2 ** shift);
}

function emptyTally(bins: ArrayBuffer): Tally {
  new Uint8Array(bins).fill(0);
  return { above: 0, bins };
}

function sampleTrim(
  tensors: readonly TensorWork[],
  model: number,
  sampling: Sampling,
  files: OpenFiles,
): Sample {
  let tally = emptyTally(TRIM_BINS);
  for (const { base, models, elementCount } of tensors) {
    const [from, to] = [base, models[model]];
    if (!from || !to) throw new TypeError("trimming needs a base");
    const job = { base: files.source(from), model: files.source(to), elementCount };
    tally = addon().tallyTrim(job, TRIM_SAMPLE, sampling, tally);
  }
  return { ...tally, window: TRIM_SAMPLE };
}

function sampleSlack(
  tensors: readonly TensorWork[],
  measured: Measured,
  sampling: Sampling,
  files: OpenFiles,
): SampledCut | null {
  const forChunk = measuredForChunk(measured, 0);
  let sum: SlackTally = { ...emptyTally(LOSS_BINS), positive: 0, negative: 0, retained: 0, discarded: 0 };
  for (const tensor of tensors) {
    const chunk: ChunkRef = { tensor: { ...tensor, chunkElements: tensor.elementCount }, index: 0 };
    const election = nativeElection(tensor.arithmetic, forChunk);
    const job = nativeJob(chunk, forChunk, files.input, sampling.populates ? "trimmed" : "nothing");
    const tally: SlackTally = addon().tallySlack(job, election, LOSS_SAMPLE, sampling, sum);
    tally.retained += sum.retained;
    tally.discarded += sum.discarded;
    sum = tally;
  }
  const { arithmetic } = tensors[0] as TensorWork;
  if (arithmetic.kind !== "ties" || arithmetic.slack === null || sum.discarded === 0) return null;
  // How many are given back hardly varies; how many of them are sampled does, as rare events do.
  const given = givenCount(arithmetic.slack, sum);
  const sample: Sample = { ...sum, window: LOSS_SAMPLE };
  const sampled = sampledCut(sample, given, Math.sqrt(given));
  return { ...sampled, bracket: nearSample(sampled.bracket, sample) };
}
