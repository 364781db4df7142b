/** Runs any operation on this thread. */
import { addon } from "../native/addon.ts";
import { runDraftAnalysis, runFinishAnalysis } from "./analysis-drafts.ts";
import { runAnalyse, runClasses, runLosses } from "./analysis-operations.ts";
import type { ChunkRoom } from "./chunk-room.ts";
import { runCombine, runCopy } from "./combine-operations.ts";
import { runDraft, runFinish, runSettle } from "./draft-operations.ts";
import { runNorms, runSlack, runTrim } from "./measure-operations.ts";
import type { OpenFiles } from "./open-files.ts";
import type { Answer, CompareOperation, HashOperation, Operation, ReadAheadOperation } from "./operations.ts";
import { runSample } from "./sample-operation.ts";
import { runWholeAnalysis } from "./whole-analysis.ts";
import { runWhole } from "./whole-operation.ts";

type Runner<O extends Operation> = (
  operation: O,
  files: OpenFiles,
  room: ChunkRoom,
) => Answer<O> | Promise<Answer<O>>;

const runners: { [O in Operation as O["kind"]]: Runner<O> } = {
  trim: runTrim,
  sample: runSample,
  norms: runNorms,
  slack: runSlack,
  combine: runCombine,
  draft: runDraft,
  settle: runSettle,
  finish: runFinish,
  whole: runWhole,
  copy: runCopy,
  hash: runHash,
  compare: runCompare,
  analyse: runAnalyse,
  draftAnalysis: runDraftAnalysis,
  finishAnalysis: runFinishAnalysis,
  wholeAnalysis: runWholeAnalysis,
  losses: runLosses,
  classes: runClasses,
  readAhead: runReadAhead,
};

export function runOperation<O extends Operation>(
  operation: O,
  files: OpenFiles,
  room: ChunkRoom,
): Answer<O> | Promise<Answer<O>> {
  return (runners[operation.kind] as unknown as Runner<O>)(operation, files, room);
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
