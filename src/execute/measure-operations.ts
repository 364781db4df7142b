/** Measuring operations: count keys, votes and norms of one chunk. */
import { addon } from "../native/addon.ts";
import { nativeElection, nativeJob, nativeSource } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { Answer, NormsOperation, SlackOperation, TrimOperation } from "./operations.ts";
import { chunkExtent } from "./tensor-work.ts";

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

export function runNorms({ chunk, measured }: NormsOperation, files: OpenFiles): Float64Array {
  return addon().blockNorms(nativeJob(chunk, measured, files.input, "trimmed"));
}

export function runSlack(operation: SlackOperation, files: OpenFiles): Answer<SlackOperation> {
  const { chunk, measured, window } = operation;
  const election = nativeElection(chunk.tensor.arithmetic, measured);
  const job = nativeJob(chunk, measured, files.input, "trimmed");
  if (window !== null) return addon().tallySlack(job, election, window, null);
  // Signs are counted where no model has priority; the window is of no use then, so that a small one will do.
  return addon().tallySlack(job, { ...election, priority: -1 }, { low: 0, high: 0, shift: 0 }, null);
}
