/** What `tiesmith verify` does. */
import { verify } from "../index.ts";
import { EXIT_FAILED } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { withProgress } from "./progress.ts";
import { printable, printError, printJson, printMessage, printResult } from "./terminal.ts";
import type { VerifyCommandOptions } from "./verify.ts";
import { formatFailures, formatVerdict } from "./verify-text.ts";

/** Verifies a folder, with progress on stderr and the verdict on stdout. */
export async function runVerify(folder: string, options: VerifyCommandOptions): Promise<void> {
  const { json = false, quiet = false, threads } = options;
  const report = await interruptible((signal) =>
    withProgress(quiet, (onProgress) => verify(folder, { threads, signal, onProgress })),
  );
  if (!quiet) for (const note of report.notes) printMessage(`note: ${note}`);
  if (json) printJson(report);
  else if (!report.ok) printResult(formatFailures(report));
  else if (!quiet) printResult(printable(formatVerdict(report)));
  if (report.ok) return;
  process.exitCode = EXIT_FAILED;
  printError(formatVerdict(report));
}
