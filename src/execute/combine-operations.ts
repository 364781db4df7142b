/** Operations that write: combine one chunk, or copy bytes. Failures of the numbers become errors for people. */
import { TiesmithError } from "../errors.ts";
import type { Arithmetic } from "../methods/method.ts";
import { addon, type ChunkFailure, type ChunkResult } from "../native/addon.ts";
import { nativeCombination, nativeElection, nativeJob, nativeOutput, type ReadBefore } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { CombineOperation, CopyOperation } from "./operations.ts";
import { type ChunkRef, chunkExtent } from "./tensor-work.ts";

/** Slack, norms and the majority sign are measured by passes over all the sources. */
function readBeforeCombining(arithmetic: Arithmetic): ReadBefore {
  if (arithmetic.kind !== "ties") return "nothing";
  const swept = arithmetic.slack !== null || arithmetic.rescale || arithmetic.zeroSign === "majority";
  return swept ? "everything" : "trimmed";
}

export async function runCombine(
  { chunk, measured }: CombineOperation,
  files: OpenFiles,
): Promise<ChunkResult> {
  const { arithmetic } = chunk.tensor;
  const result = await addon().combine(
    arithmetic.kind,
    nativeJob(chunk, measured, files.input, readBeforeCombining(arithmetic)),
    nativeElection(arithmetic, measured),
    nativeCombination(arithmetic, measured),
    nativeOutput(chunk, files.output),
  );
  if ("failure" in result) throw chunkFailure(chunk, result);
  return result;
}

/** What is wrong with a number, for people. */
export function chunkFailure(chunk: ChunkRef, { failure }: ChunkFailure): TiesmithError {
  const { name, base, models, output } = chunk.tensor;
  const index = chunkExtent(chunk).elementOffset + failure.element;
  if (failure.status === "unfit") {
    const type = output.encoding?.type;
    return new TiesmithError(
      "OVERFLOW",
      `Expected the merged ${name} to fit ${type}, but element ${index} does not; write bf16 or f32 with --type`,
      { tensor: name, index, type },
    );
  }
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

export function runCopy({ source, output }: CopyOperation, files: OpenFiles): Promise<{ hash: string }> {
  const from = { file: files.input(source.path), byteOffset: source.byteOffset };
  const to = { file: files.output(output.path), byteOffset: output.byteOffset };
  return addon().copyRange(from, source.byteCount, to);
}
