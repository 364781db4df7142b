/** Measures and analyses a tensor on this thread, in one reading where drafts are of use. */
import { addon, type NativeAnalysis, type NativeAnalysisDraft } from "../native/addon.ts";
import { runDraftAnalysis, runFinishAnalysis } from "./analysis-drafts.ts";
import { runAnalyse } from "./analysis-operations.ts";
import { runSettle } from "./draft-operations.ts";
import { isDraftable } from "./drafted-sweeps.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { isSampled, measureScope } from "./measure.ts";
import { measuredForChunk } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { TensorAnalysis, WholeAnalysisOperation } from "./operations.ts";
import type { Brackets } from "./sampling.ts";
import { type ChunkRef, chunksOf } from "./tensor-work.ts";

export async function runWholeAnalysis(
  { tensor }: WholeAnalysisOperation,
  files: OpenFiles,
): Promise<TensorAnalysis> {
  const { arithmetic, elementCount } = tensor;
  if (arithmetic.kind !== "ties") throw new TypeError("only the TIES family is analysed");
  const chunks = chunksOf(tensor);
  const sweeps = new LocalSweeps(chunks, files);
  const brackets = isSampled(arithmetic, elementCount) ? await sweeps.sample() : undefined;
  if (brackets !== undefined && isDraftable(arithmetic, brackets)) {
    const drafted = await analyseByDrafts(chunks, brackets, files);
    if (drafted !== null) return drafted;
  }
  const measured = await measureScope(arithmetic, sweeps, brackets);
  const analyses = chunks.map((chunk, i) =>
    runAnalyse({ kind: "analyse", chunk, measured: measuredForChunk(measured, i) }, files),
  );
  return { measured, analyses };
}

/** Null where drafts turn out to be of no use. */
async function analyseByDrafts(
  chunks: readonly ChunkRef[],
  brackets: Brackets,
  files: OpenFiles,
): Promise<TensorAnalysis | null> {
  const drafts: NativeAnalysisDraft[] = [];
  try {
    for (const chunk of chunks) {
      const draft = runDraftAnalysis({ kind: "draftAnalysis", chunk, brackets }, files);
      if (draft === null) return null;
      drafts.push(draft);
    }
    const measured = await runSettle({ kind: "settle", chunks, drafts, brackets });
    if (measured === null) return null;
    const analyses = chunks.map((chunk, i): NativeAnalysis => {
      const draft = drafts[i] as NativeAnalysisDraft;
      const forChunk = measuredForChunk(measured, i);
      return runFinishAnalysis({ kind: "finishAnalysis", chunk, draft, measured: forChunk });
    });
    return { measured, analyses };
  } finally {
    // Finished ones are gone already.
    for (const { draft } of drafts) addon().dropDraft(draft);
  }
}
