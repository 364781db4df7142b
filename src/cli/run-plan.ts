/** What `tiesmith plan` does. */
import { type PlanReportOptions, plan } from "../index.ts";
import { EXIT_BAD_INPUT } from "./failure.ts";
import type { PlanCommandOptions } from "./plan.ts";
import { formatPlan } from "./plan-text.ts";
import { recipeOf } from "./recipe-of.ts";
import { printError, printJson, printResult } from "./terminal.ts";

/** Prints the plan on stdout, and its problems on stderr. */
export async function runPlan(words: readonly string[], options: PlanCommandOptions): Promise<void> {
  const { out, format, type, threads, maxMemory, maxShardSize, overwrite, resume, restart, explain } =
    options;
  const recipe = await recipeOf(words, options);
  const report = plan(recipe, {
    out,
    format: format as PlanReportOptions["format"],
    type: type as PlanReportOptions["type"],
    threads,
    maxMemoryBytes: maxMemory,
    maxShardBytes: maxShardSize,
    overwrite,
    resume,
    restart,
    explain,
  });
  if (options.json) printJson(report);
  else if (report.models !== null) printResult(formatPlan(report));
  for (const { message } of report.problems) printError(message);
  if (report.problems.length > 0) process.exitCode = EXIT_BAD_INPUT;
}
