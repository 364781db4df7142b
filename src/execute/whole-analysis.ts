/** Measures and analyses a tensor on this thread, in one reading where drafts are of use. */
import { runDraftAnalysis, runFinishAnalysis } from "./analysis-drafts.ts";
import { runAnalyse } from "./analysis-operations.ts";
import { byDrafts } from "./by-drafts.ts";
import { runSettle } from "./draft-operations.ts";
import { isDraftable } from "./drafted-sweeps.ts";
import { LocalSweeps } from "./local-sweeps.ts";
import { isSampled, measureScope } from "./measure.ts";
import { measuredForChunk } from "./native-job.ts";
import type { OpenFiles } from "./open-files.ts";
import type { TensorAnalysis, WholeAnalysisOperation } from "./operations.ts";
import { chunksOf } from "./tensor-work.ts";

export async function runWholeAnalysis(
  { tensor }: WholeAnalysisOperation,
  files: OpenFiles,
): Promise<TensorAnalysis> {
  const { arithmetic, elementCount } = tensor;
  if (arithmetic.kind !== "ties") throw new TypeError("only the TIES family is analysed");
  const chunks = chunksOf(tensor);
  const sweeps = new LocalSweeps(chunks, files);
  const brackets = isSampled(arithmetic, elementCount) ? await sweeps.sample() : undefined;
  if (brackets !== undefined && isDraftable(arithmetic, brackets, "analysis")) {
    const drafted = await byDrafts(chunks, {
      draft: async (chunk) => runDraftAnalysis({ kind: "draftAnalysis", chunk, brackets }, files),
      settle: (drafts) => runSettle({ kind: "settle", chunks, drafts, brackets }),
      finish: async (chunk, draft, forChunk) =>
        runFinishAnalysis({ kind: "finishAnalysis", chunk, draft, measured: forChunk }),
    });
    if (drafted !== null) return { measured: drafted.measured, analyses: drafted.results };
  }
  const measured = await measureScope(arithmetic, sweeps, brackets);
  const analyses = chunks.map((chunk, i) =>
    runAnalyse({ kind: "analyse", chunk, measured: measuredForChunk(measured, i) }, files),
  );
  return { measured, analyses };
}
