/** What `tiesmith diff` does. */
import { diff } from "../index.ts";
import type { DiffCommandOptions } from "./diff.ts";
import { formatDiff } from "./diff-text.ts";
import { interruptible } from "./interrupt.ts";
import { withProgress } from "./progress.ts";
import { printJson, printResult } from "./terminal.ts";

/** Compares two models, with progress on stderr and the differences on stdout. */
export async function runDiff(a: string, b: string, options: DiffCommandOptions): Promise<void> {
  const { json = false, quiet = false, threads } = options;
  const report = await interruptible((signal) =>
    withProgress(quiet, (onProgress) => diff(a, b, { threads, signal, onProgress })),
  );
  if (json) printJson(report);
  else printResult(formatDiff(report));
}
