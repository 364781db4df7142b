/** Writes an evaluation as files: HTML, Markdown, JSON, every prediction, and every figure as SVG and CSV. */
import type { EvaluationResults, TaskPredictions } from "../evaluate/results.ts";
import { evaluationDocument } from "./evaluation-document.ts";
import { writeReport } from "./write-report.ts";

/**
 * Writes `report.html` (one file that needs nothing else), `report.md`, `report.json`, `figures/NAME.svg` and
 * `figures/NAME.csv` into a folder, which is made; an earlier report in it is replaced. With predictions the page
 * lists them, and `predictions.jsonl` holds them all.
 *
 * @param predictions what `onPredictions` of {@link evaluate} has told
 * @returns the names of the files, relative to the folder
 * @throws {TiesmithError} `OUTPUT_EXISTS` for a folder of other files; `IO_FAILED`
 * @example
 * const rows = [];
 * const onPredictions = (own) => rows.push(own);
 * const results = await evaluate(["base", "merged"], ["sib200:tam"], { data: "benchmarks", onPredictions });
 * await writeEvaluationReport(results, "report", rows);
 */
export async function writeEvaluationReport(
  results: EvaluationResults,
  folder: string,
  predictions: readonly TaskPredictions[] = [],
): Promise<string[]> {
  return writeReport(evaluationDocument(results, predictions), results, folder, predictionFile(predictions));
}

/** One line a prediction, with the model, task and language that it is of. */
export function predictionFile(predictions: readonly TaskPredictions[]): Map<string, string> {
  if (predictions.length === 0) return new Map();
  const lines = predictions.flatMap(({ predictions: rows, ...of }) =>
    rows.map((row) => `${JSON.stringify({ ...of, ...row })}\n`),
  );
  return new Map([["predictions.jsonl", lines.join("")]]);
}
