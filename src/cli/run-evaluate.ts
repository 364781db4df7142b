/** What `tiesmith evaluate` does. */
import { TiesmithError } from "../errors.ts";
import {
  type BackendOptions,
  checkReportFolder,
  type EvaluationResults,
  evaluate,
  evaluateWithHarness,
  type TaskPredictions,
  writeEvaluationReport,
} from "../index.ts";
import type { EvaluateCommandOptions } from "./evaluate.ts";
import { formatEvaluation } from "./evaluate-text.ts";
import { interruptible } from "./interrupt.ts";
import { withRowProgress } from "./row-progress.ts";
import { llamaOf, selectionOf, tasksOf } from "./task-words.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

/** Evaluates, with progress on stderr and tables on stdout. Ctrl-C ends it; what was answered is kept. */
export async function runEvaluate(models: readonly string[], options: EvaluateCommandOptions): Promise<void> {
  const { json = false, quiet = false, markdown = false } = options;
  const tasks = tasksOf(options);
  if (options.report !== undefined) checkReportFolder(options.report);
  const predictions: TaskPredictions[] = [];
  const results = await interruptible((signal) =>
    withRowProgress(quiet, (onProgress) => {
      const { shots, limit, out } = options;
      if (options.backend === "lm-eval")
        return evaluateWithHarness(models, tasks, { command: options.command, limit, shots, signal });
      const onPredictions = (rows: TaskPredictions) => predictions.push(rows);
      const selection = { ...selectionOf(options), out };
      return evaluate(models, tasks, {
        ...selection,
        backend: backendOf(options),
        signal,
        onProgress,
        onPredictions,
      });
    }),
  );
  const written = await writeReport(results, predictions, options.report);
  tell(results, json, quiet, markdown);
  if (written !== null && !json && !quiet) printResult(written);
}

function backendOf(options: EvaluateCommandOptions): BackendOptions {
  if (options.backend === "llama") return llamaOf(options, options.threads);
  const { url, keyVariable, concurrency, timeout } = options;
  if (url === undefined)
    throw new TiesmithError(
      "USAGE",
      "Expected --url URL, the server's address, for --backend openai, but found none",
      {
        option: "--url",
      },
    );
  return { kind: "openai", url, keyVariable, concurrency, timeoutSeconds: timeout };
}

/** What there is to say of it; null without a folder. */
async function writeReport(
  results: EvaluationResults,
  predictions: readonly TaskPredictions[],
  folder: string | undefined,
): Promise<string | null> {
  if (folder === undefined) return null;
  const files = await writeEvaluationReport(results, folder, predictions);
  return `\nWrote ${files.length} files to ${folder}; open ${folder}/report.html`;
}

function tell(results: EvaluationResults, json: boolean, quiet: boolean, markdown: boolean): void {
  if (!quiet) for (const note of results.notes) printMessage(`note: ${note}`);
  if (json) printJson(results);
  else if (!quiet) printResult(formatEvaluation(results, markdown));
}
