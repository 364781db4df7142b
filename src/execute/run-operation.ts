/** Runs any operation on this thread. */
import { addon } from "../native/addon.ts";
import { runAnalyse, runClasses, runLosses } from "./analysis-operations.ts";
import { runCombine, runCopy } from "./combine-operations.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { measureScope } from "./measure.ts";
import { runNorms, runSampleSlack, runSampleTrim, runSlack, runTrim } from "./measure-operations.ts";
import { measuredForChunk, UNMEASURED } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type {
  Answer,
  CompareOperation,
  HashOperation,
  Operation,
  ReadAheadOperation,
  TensorOutcome,
  WholeOperation,
} from "./operations.ts";
import type { ChunkRef } from "./tensor-work.ts";

type Runner<O extends Operation> = (operation: O, files: OpenFiles) => Answer<O> | Promise<Answer<O>>;

const runners: { [O in Operation as O["kind"]]: Runner<O> } = {
  trim: runTrim,
  sampleTrim: runSampleTrim,
  norms: runNorms,
  slack: runSlack,
  sampleSlack: runSampleSlack,
  combine: runCombine,
  whole: runWhole,
  copy: runCopy,
  hash: runHash,
  compare: runCompare,
  analyse: runAnalyse,
  losses: runLosses,
  classes: runClasses,
  readAhead: runReadAhead,
};

export function runOperation<O extends Operation>(
  operation: O,
  files: OpenFiles,
): Answer<O> | Promise<Answer<O>> {
  return (runners[operation.kind] as unknown as Runner<O>)(operation, files);
}

async function runWhole({ tensor }: WholeOperation, files: OpenFiles): Promise<TensorOutcome> {
  const chunk: ChunkRef = { tensor, index: 0 };
  const { arithmetic } = tensor;
  const measured =
    arithmetic.kind === "ties" ? await measureScope(arithmetic, new LocalSweeps([chunk], files)) : null;
  const forChunk = measured === null ? UNMEASURED : measuredForChunk(measured, 0);
  const { hash, ...counts } = await runCombine({ kind: "combine", chunk, measured: forChunk }, files);
  return { hashes: [hash], counts, measured };
}

function runHash({ range }: HashOperation, files: OpenFiles): string {
  return addon().hashRange(files.input(range.path), range.byteOffset, range.byteCount);
}

function runCompare({ a, b, elementCount }: CompareOperation, files: OpenFiles): Answer<CompareOperation> {
  return addon().compare(files.source(a), files.source(b), elementCount);
}

function runReadAhead({ ranges }: ReadAheadOperation, files: OpenFiles): null {
  for (const range of ranges) addon().readAhead(files.input(range.path), range.byteOffset, range.byteCount);
  return null;
}
