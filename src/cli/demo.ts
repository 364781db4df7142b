/** `tiesmith demo`: the paper's experiment in miniature. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith demo
  $ tiesmith demo --fast --out demo
  $ tiesmith demo --json --quiet | jq .findings

Runs on models of a million parameters, which the source repository has in
examples/tinylang; needs node-llama-cpp. Searches on dev rows, tests once,
follows a training, merges two languages, and says what of the paper that
shows and what not. Takes some minutes on two cores, --fast less than one; a
run that was interrupted goes on.`;

/** The options of the command as parsed. */
export interface DemoCommandOptions extends OutputOptions {
  readonly out: string;
  readonly fast?: boolean;
  readonly examples?: string;
  readonly threads?: number;
}

/** Adds the command to the program. */
export function addDemoCommand(program: Command): void {
  const command = program.command("demo").summary("the paper in miniature");
  command
    .description("Merges, searches, evaluates and reports on small models: the paper in miniature.")
    .option("--out <folder>", "for report, models, search and answers", "tiesmith-demo")
    .option("--fast", "few densities and few rows: under a minute")
    .option("--examples <folder>", "the small models and data (default: the repository's)")
    .addOption(threadsOption());
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (options) => {
      const { runDemo } = await import("./run-demo.ts");
      await runDemo(options);
    });
}
