/** What `tiesmith trajectory` does. */
import { TiesmithError } from "../errors.ts";
import {
  checkReportFolder,
  type OtherCurve,
  type TaskPredictions,
  type TrajectoryOptions,
  trajectory,
  writeTrajectoryReport,
} from "../index.ts";
import { interruptible } from "./interrupt.ts";
import { refuse } from "./options.ts";
import { recipeOf } from "./recipe-of.ts";
import { withRowProgress } from "./row-progress.ts";
import { llamaOf, selectionOf, tasksOf } from "./task-words.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";
import type { TrajectoryCommandOptions } from "./trajectory.ts";
import { formatTrajectory } from "./trajectory-text.ts";

/** Merges and evaluates, with progress on stderr and a table on stdout, and writes the report's files. */
export async function runTrajectory(
  words: readonly string[],
  options: TrajectoryCommandOptions,
): Promise<void> {
  const { json = false, quiet = false, report: folder } = options;
  const tasks = tasksOf(options);
  const wanted = trajectoryOptions(options);
  const recipe = await recipeOf(words, options);
  if (folder !== undefined) checkReportFolder(folder);
  const predictions: TaskPredictions[] = [];
  const onPredictions = (rows: TaskPredictions) => predictions.push(rows);
  const results = await interruptible((signal) =>
    withRowProgress(quiet, (onProgress) =>
      trajectory(recipe, tasks, { ...wanted, signal, onProgress, onPredictions }),
    ),
  );
  if (!quiet) for (const note of results.notes) printMessage(`note: ${note}`);
  const written = folder === undefined ? [] : await writeTrajectoryReport(results, folder, predictions);
  if (json) return printJson(results);
  if (quiet) return;
  printResult(formatTrajectory(results));
  if (folder !== undefined)
    printResult(`\nWrote ${written.length} files to ${folder}; open ${folder}/report.html`);
}

function trajectoryOptions(options: TrajectoryCommandOptions): TrajectoryOptions {
  const { series: checkpoints = [], replaces, x, xTitle, alone, conflicts, temporary, threads } = options;
  if (checkpoints.length === 0)
    throw new TiesmithError("USAGE", "Expected --series CHECKPOINTS, a training, but found none", {
      option: "--series",
    });
  return {
    ...selectionOf(options),
    series: { checkpoints, replaces, x, xTitle },
    others: (options.also ?? []).map(otherCurve),
    alone,
    conflicts,
    temporary,
    threads,
    backend: llamaOf(options, threads),
  };
}

/** `CTSFT=ctsft-1.6B,ctsft-3.2B`. */
function otherCurve(word: string): OtherCurve {
  const [, name = "", models = ""] = /^([^=]+)=(.+)$/.exec(word) ?? [];
  const list = models
    .split(",")
    .map((model) => model.trim())
    .filter((model) => model !== "");
  if (name !== "" && list.length > 0) return { name, models: list };
  return refuse("--also", "NAME=MODEL or NAME=MODEL,MODEL,...", word);
}
