/** `tiesmith plan`: what a merge would do, and every reason why it could not. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions } from "./options.ts";
import {
  addDestinationOptions,
  addRecipeWords,
  type DestinationOptions,
  type RecipeWordOptions,
} from "./recipe-words.ts";

const EXAMPLES = `
Examples:
  $ tiesmith plan ties-sv.yaml
  $ tiesmith plan ties-sv.yaml --explain model.layers.0.mlp.up_proj.weight
  $ tiesmith plan ties-sv.yaml --out merged --max-shard-size 2GB
  $ tiesmith plan --method linear a:weight=0.6 b:weight=0.4 --json

Reads headers and configs only. Tells every problem, not only the first; the
exit code is 2 if there is one.`;

/** The options of the command as parsed. */
export interface PlanCommandOptions extends OutputOptions, RecipeWordOptions, DestinationOptions {
  readonly out?: string;
  readonly explain?: string;
}

/** Adds the command to the program. */
export function addPlanCommand(program: Command): void {
  const command = program.command("plan").summary("check a merge without doing it");
  command.description("Checks a merge without doing it, and tells what it would read and write.");
  addRecipeWords(command);
  command
    .optionsGroup("Merge:")
    .option("--out <path>", "check this output folder or file, too")
    .option("--explain <tensor>", "show the parameters as resolved for a tensor");
  addDestinationOptions(command);
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (words, options) => {
      const { runPlan } = await import("./run-plan.ts");
      await runPlan(words, options);
    });
}
