/** Measuring operations: count keys, votes and norms of one chunk, or of a sample of whole tensors. */
import { addon, type SlackTally, type Tally } from "../native/addon.ts";
import { nativeElection, nativeJob, nativeSource } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type {
  Answer,
  NormsOperation,
  SampleSlackOperation,
  SampleTrimOperation,
  SlackOperation,
  TrimOperation,
} from "./operations.ts";
import { SAMPLE_WINDOW } from "./sampling.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

export function runTrim({ chunk, windows }: TrimOperation, files: OpenFiles): Answer<TrimOperation> {
  const { base, models } = chunk.tensor;
  if (base === null) throw new TypeError("trimming needs a base");
  const { elementCount } = chunkExtent(chunk);
  const nativeBase = nativeSource(base, chunk, files.input);
  return models.map((model, i) => {
    const window = windows[i];
    if (!window) return null;
    const job = { base: nativeBase, model: nativeSource(model, chunk, files.input), elementCount };
    return addon().tallyTrim(job, window, null);
  });
}

function emptySample(): Tally {
  const binCount = (SAMPLE_WINDOW.high + 1 - SAMPLE_WINDOW.low) / 2 ** SAMPLE_WINDOW.shift;
  return { above: 0, bins: new ArrayBuffer(8 * binCount) };
}

export function runSampleTrim(operation: SampleTrimOperation, files: OpenFiles): Answer<SampleTrimOperation> {
  const { tensors, wanted, sampling } = operation;
  return wanted.map((isWanted, model) => {
    if (!isWanted) return null;
    let tally = emptySample();
    for (const { base, models, elementCount } of tensors) {
      const [from, to] = [base, models[model]];
      if (!from || !to) throw new TypeError("trimming needs a base");
      const job = { base: files.source(from), model: files.source(to), elementCount };
      tally = addon().tallyTrim(job, SAMPLE_WINDOW, sampling, tally);
    }
    return tally;
  });
}

export function runNorms({ chunk, measured }: NormsOperation, files: OpenFiles): Float64Array {
  return addon().blockNorms(nativeJob(chunk, measured, files.input, false));
}

export function runSlack(operation: SlackOperation, files: OpenFiles): Answer<SlackOperation> {
  const { chunk, measured, window } = operation;
  const election = nativeElection(chunk.tensor.arithmetic, measured);
  const job = nativeJob(chunk, measured, files.input, false);
  if (window !== null) return addon().tallySlack(job, election, window, null);
  // Signs are counted where no model has priority; the window is of no use then, so that a small one will do.
  return addon().tallySlack(job, { ...election, priority: -1 }, { low: 0, high: 0, shift: 0 }, null);
}

export function runSampleSlack(operation: SampleSlackOperation, files: OpenFiles): SlackTally {
  const { tensors, measured, sampling } = operation;
  let sum: SlackTally = { ...emptySample(), positive: 0, negative: 0, retained: 0, discarded: 0 };
  for (const tensor of tensors) {
    const chunk: ChunkRef = { tensor: { ...tensor, chunkElements: tensor.elementCount }, index: 0 };
    const election = nativeElection(tensor.arithmetic, measured);
    const job = nativeJob(chunk, measured, files.input, false);
    const tally: SlackTally = addon().tallySlack(job, election, SAMPLE_WINDOW, sampling, sum);
    tally.retained += sum.retained;
    tally.discarded += sum.discarded;
    sum = tally;
  }
  return sum;
}
