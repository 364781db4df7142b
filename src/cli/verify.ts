/** `tiesmith verify`: whether a merged model still is what its manifest says. */
import type { Command } from "commander";
import { EXIT_FAILED } from "./failure.ts";
import { interruptible } from "./interrupt.ts";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";
import { printable, printError, printJson, printMessage, printResult } from "./terminal.ts";

const EXAMPLES = `
Examples:
  $ tiesmith verify merged
  $ tiesmith verify merged --json

Exit code 1 if anything differs from tiesmith.json.`;

interface VerifyCommandOptions extends OutputOptions {
  readonly threads?: number;
}

/** Adds the command to the program. */
export function addVerifyCommand(program: Command): void {
  const command = program.command("verify").summary("check the hashes of a merged model");
  command
    .description("Recomputes the hashes of a merged model, and compares them with its manifest.")
    .argument("<folder>", "a folder that tiesmith has written")
    .addOption(threadsOption());
  addOutputOptions(command, "print nothing but errors").addHelpText("after", EXAMPLES).action(runVerify);
}

async function runVerify(folder: string, options: VerifyCommandOptions): Promise<void> {
  const { json = false, quiet = false, threads } = options;
  const [{ verify }, { withProgress }] = await Promise.all([import("../index.ts"), import("./progress.ts")]);
  const report = await interruptible((signal) =>
    withProgress(quiet, (onProgress) => verify(folder, { threads, signal, onProgress })),
  );
  if (!quiet) for (const note of report.notes) printMessage(`note: ${note}`);
  const { formatFailures, formatVerdict } = await import("./verify-text.ts");
  if (json) printJson(report);
  else if (!report.ok) printResult(formatFailures(report));
  else if (!quiet) printResult(printable(formatVerdict(report)));
  if (report.ok) return;
  process.exitCode = EXIT_FAILED;
  printError(formatVerdict(report));
}
