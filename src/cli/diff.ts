/** `tiesmith diff`: how two models differ, tensor by tensor. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith diff llama-2-7b merged
  $ tiesmith diff merged merged-again --json | jq .identical

max abs is the largest absolute difference, rel L2 the norm of b - a over that
of a, signs the share of parameters with the same sign. Identical tensors are
only counted.`;

/** The options of the command as parsed. */
export interface DiffCommandOptions extends OutputOptions {
  readonly threads?: number;
}

/** Adds the command to the program. */
export function addDiffCommand(program: Command): void {
  const command = program.command("diff").summary("compare two models by tensor");
  command
    .description("Compares two models tensor by tensor, whatever their dtypes and files.")
    .argument("<a>", "a model folder, or a hub id in the local cache")
    .argument("<b>", "the model to compare with it")
    .addOption(threadsOption());
  addOutputOptions(command, "show no progress")
    .addHelpText("after", EXAMPLES)
    .action(async (a, b, options) => {
      const { runDiff } = await import("./run-diff.ts");
      await runDiff(a, b, options);
    });
}
