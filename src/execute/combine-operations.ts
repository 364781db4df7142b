/** Operations that write: combine one chunk, or copy bytes. */
import type { Arithmetic } from "../methods/method.ts";
import { addon, type ChunkResult } from "../native/addon.ts";
import { chunkFailure } from "./chunk-failure.ts";
import { nativeCombination, nativeElection, nativeJob, nativeOutput, type ReadBefore } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { CombineOperation, CopyOperation } from "./operations.ts";

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
  const readBefore = readBeforeCombining(arithmetic);
  const result = await addon().combine(
    arithmetic.kind,
    nativeJob(chunk, measured, files.input, readBefore),
    nativeElection(arithmetic, measured),
    nativeCombination(arithmetic, measured),
    nativeOutput(chunk, files.output),
  );
  if ("failure" in result) throw chunkFailure(chunk, result);
  return result;
}

export function runCopy({ source, output }: CopyOperation, files: OpenFiles): Promise<{ hash: string }> {
  const from = { file: files.input(source.path), byteOffset: source.byteOffset };
  const to = { file: files.output(output.path), byteOffset: output.byteOffset };
  return addon().copyRange(from, source.byteCount, to);
}
