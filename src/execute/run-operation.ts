/** Runs operations on this thread: opens files once, calls the addon, turns failures into errors for people. */
import { TiesmithError } from "../errors.ts";
import {
  addon,
  type ChunkFailure,
  type ChunkResult,
  type MappedFileHandle,
  type NativeSource,
  type OutputFileHandle,
  type SlackTally,
  type Tally,
} from "../native/addon.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { measureScope } from "./measure.ts";
import {
  measuredForChunk,
  nativeCombination,
  nativeElection,
  nativeJob,
  nativeSource,
  UNMEASURED,
} from "./native-job.ts";
import type {
  Answer,
  CombineOperation,
  CompareOperation,
  CopyOperation,
  HashOperation,
  NormsOperation,
  Operation,
  ReadAheadOperation,
  SampleSlackOperation,
  SampleTrimOperation,
  SlackOperation,
  TensorOutcome,
  TrimOperation,
  WholeOperation,
} from "./operations.ts";
import { SAMPLE_WINDOW } from "./sampling.ts";
import { type ChunkRef, chunkExtent, type SourceRef } from "./tensor-work.ts";

/** Files that this thread has open. */
export class OpenFiles {
  readonly #inputs = new Map<string, MappedFileHandle>();
  readonly #outputs = new Map<string, OutputFileHandle>();

  readonly input = (path: string): MappedFileHandle =>
    openOnce(this.#inputs, path, () => addon().mapFile(path));

  readonly output = (path: string): OutputFileHandle =>
    openOnce(this.#outputs, path, () => addon().openOutput(path));

  close(): void {
    for (const file of this.#inputs.values()) addon().closeFile(file);
    for (const file of this.#outputs.values()) addon().closeOutput(file);
    this.#inputs.clear();
    this.#outputs.clear();
  }
}

function openOnce<T>(opened: Map<string, T>, path: string, open: () => T): T {
  const known = opened.get(path);
  if (known !== undefined) return known;
  const file = open();
  opened.set(path, file);
  return file;
}

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
  readAhead: runReadAhead,
};

export function runOperation<O extends Operation>(
  operation: O,
  files: OpenFiles,
): Answer<O> | Promise<Answer<O>> {
  return (runners[operation.kind] as unknown as Runner<O>)(operation, files);
}

function runTrim({ chunk, windows }: TrimOperation, files: OpenFiles): Answer<TrimOperation> {
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

function runSampleTrim(operation: SampleTrimOperation, files: OpenFiles): Answer<SampleTrimOperation> {
  const { tensors, wanted, sampling } = operation;
  return wanted.map((isWanted, model) => {
    if (!isWanted) return null;
    let tally: Tally | null = null;
    for (const { base, models, elementCount } of tensors) {
      const [from, to] = [base, models[model]];
      if (!from || !to) throw new TypeError("trimming needs a base");
      const job = { base: opened(from, files), model: opened(to, files), elementCount };
      tally = addon().tallyTrim(job, SAMPLE_WINDOW, sampling, tally);
    }
    return tally;
  });
}

function runSampleSlack(operation: SampleSlackOperation, files: OpenFiles): SlackTally {
  const { tensors, measured, sampling } = operation;
  let sum: SlackTally | null = null;
  for (const tensor of tensors) {
    const chunk: ChunkRef = { tensor: { ...tensor, chunkElements: tensor.elementCount }, index: 0 };
    const election = nativeElection(tensor.arithmetic, measured);
    const job = nativeJob(chunk, measured, files.input);
    const tally: SlackTally = addon().tallySlack(job, election, SAMPLE_WINDOW, sampling, sum);
    if (sum !== null) {
      tally.retained += sum.retained;
      tally.discarded += sum.discarded;
    }
    sum = tally;
  }
  if (sum === null) throw new TypeError("a sample needs a tensor");
  return sum;
}

function opened({ path, byteOffset, dtype }: SourceRef, files: OpenFiles): NativeSource {
  return { file: files.input(path), byteOffset, dtype };
}

function runNorms({ chunk, measured }: NormsOperation, files: OpenFiles): Float64Array {
  return addon().blockNorms(nativeJob(chunk, measured, files.input));
}

function runSlack(operation: SlackOperation, files: OpenFiles): Answer<SlackOperation> {
  const { chunk, measured, window } = operation;
  const election = nativeElection(chunk.tensor.arithmetic, measured);
  const job = nativeJob(chunk, measured, files.input);
  if (window !== null) return addon().tallySlack(job, election, window, null);
  // Signs are counted where no model has priority; the window is of no use then, so that a small one will do.
  return addon().tallySlack(job, { ...election, priority: -1 }, { low: 0, high: 0, shift: 0 }, null);
}

async function runCombine({ chunk, measured }: CombineOperation, files: OpenFiles): Promise<ChunkResult> {
  const { arithmetic, output } = chunk.tensor;
  const job = nativeJob(chunk, measured, files.input);
  const bytes = output.dtype === "F32" ? 4 : 2;
  const result = await addon().combine(
    arithmetic.kind,
    job,
    nativeElection(arithmetic, measured),
    nativeCombination(arithmetic, measured),
    {
      file: files.output(output.path),
      byteOffset: output.byteOffset + chunkExtent(chunk).elementOffset * bytes,
      dtype: output.dtype,
      saturate: output.saturate,
    },
  );
  if ("failure" in result) throw notFinite(chunk, result);
  return result;
}

function notFinite(chunk: ChunkRef, { failure }: ChunkFailure): TiesmithError {
  const { name, base, models, output } = chunk.tensor;
  const index = chunkExtent(chunk).elementOffset + failure.element;
  if (failure.status === "overflow")
    return new TiesmithError(
      "OVERFLOW",
      `Expected the merged ${name} to fit ${output.dtype}, but element ${index} overflows; ` +
        "store a wider dtype, or clamp such values with --saturate",
      { tensor: name, index, dtype: output.dtype },
    );
  const source = failure.source === 0 ? base : models[failure.source - 1];
  return new TiesmithError(
    "NOT_FINITE",
    `Expected finite numbers in ${name}, but element ${index} in ${source?.path} is NaN or Inf`,
    { tensor: name, index, path: source?.path },
  );
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

function runCopy({ source, output }: CopyOperation, files: OpenFiles): Promise<{ hash: string }> {
  const from = { file: files.input(source.path), byteOffset: source.byteOffset };
  const to = { file: files.output(output.path), byteOffset: output.byteOffset };
  return addon().copyRange(from, source.byteCount, to);
}

function runHash({ range }: HashOperation, files: OpenFiles): string {
  return addon().hashRange(files.input(range.path), range.byteOffset, range.byteCount);
}

function runCompare({ a, b, elementCount }: CompareOperation, files: OpenFiles): Answer<CompareOperation> {
  return addon().compare(opened(a, files), opened(b, files), elementCount);
}

function runReadAhead({ ranges }: ReadAheadOperation, files: OpenFiles): null {
  for (const range of ranges) addon().readAhead(files.input(range.path), range.byteOffset, range.byteCount);
  return null;
}
