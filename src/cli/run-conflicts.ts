/** What `tiesmith conflicts` does. */
import { type ConflictsOptions, conflicts, writeConflictsReport } from "../index.ts";
import type { ConflictsCommandOptions } from "./conflicts.ts";
import { formatConflicts } from "./conflicts-text.ts";
import { interruptible } from "./interrupt.ts";
import { withProgress } from "./progress.ts";
import { recipeOf } from "./recipe-of.ts";
import { printJson, printMessage, printResult } from "./terminal.ts";

/** Analyses, with progress on stderr and the summary on stdout, and writes the report's files. */
export async function runConflicts(
  words: readonly string[],
  options: ConflictsCommandOptions,
): Promise<void> {
  const { json = false, quiet = false, report: folder } = options;
  const recipe = await recipeOf(words, options);
  const report = await interruptible((signal) =>
    withProgress(quiet, (onProgress) =>
      conflicts(recipe, { ...analysisOptions(options), signal, onProgress }),
    ),
  );
  if (!quiet) for (const note of report.notes) printMessage(`note: ${note}`);
  const written = folder === undefined ? [] : await writeConflictsReport(report, folder);
  if (json) return printJson(report);
  if (quiet) return;
  printResult(formatConflicts(report));
  if (folder !== undefined)
    printResult(`\nWrote ${written.length} files to ${folder}; open ${folder}/report.html`);
}

function analysisOptions(options: ConflictsCommandOptions): ConflictsOptions {
  const { threads, of, series, replaces, x, xTitle, slackCurve, densities, vary } = options;
  return {
    threads,
    of,
    ...(series === undefined ? {} : { series: { checkpoints: series, replaces, x, xTitle } }),
    slackCurve,
    densities,
    vary,
  };
}
