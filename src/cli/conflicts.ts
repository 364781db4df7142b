/** `tiesmith conflicts`: what a TIES merge discards, without merging. */
import type { Command } from "commander";
import { numbersOption } from "./number-words.ts";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";
import { addRecipeWords, type RecipeWordOptions } from "./recipe-words.ts";

const EXAMPLES = `
Examples:
  $ tiesmith conflicts ties.yaml
  $ tiesmith conflicts ties.yaml --report conflicts
  $ tiesmith conflicts ties.yaml --series "runs/ct-*" --x 1.6,3.2,4.8
  $ tiesmith conflicts ties-sv.yaml --slack-curve
  $ tiesmith conflicts ties.yaml --densities 0.01,0.2,0.4,0.6,0.8,1
  $ tiesmith conflicts ties.yaml --json | jq .models

Reads as merge does and writes no model. Density, zero and zero votes are
shares of all parameters, or of the kept ones; in conflict: another task vector
has the opposite sign; discarded: the election was lost (Figure 4 of the paper);
mass: the share of the L1 norm that is discarded.`;

/** The options of the command as parsed. */
export interface ConflictsCommandOptions extends OutputOptions, RecipeWordOptions {
  readonly threads?: number;
  readonly of?: string;
  readonly series?: readonly string[];
  readonly replaces?: string;
  readonly x?: readonly number[];
  readonly xTitle?: string;
  readonly slackCurve?: boolean;
  readonly densities?: readonly number[];
  readonly vary?: string;
  readonly report?: string;
}

/** Adds the command to the program. */
export function addConflictsCommand(program: Command): void {
  const command = program.command("conflicts").summary("tell what a TIES merge discards");
  command.description("Analyses the sign conflicts of a TIES merge without merging.");
  addRecipeWords(command);
  command
    .optionsGroup("Analysis:")
    .option("--of <model>", "whose losses matter (default: the priority or last model)")
    .option("--series <models...>", "checkpoints, each in the place of one model")
    .option("--replaces <model>", "the model that they stand for")
    .addOption(numbersOption("--x <numbers>", "where they stand on the axis: 1.6,3.2,..."))
    .option("--x-title <text>", "what the axis counts: tokens (B)")
    .option("--slack-curve", "how much slack forgives how large a difference")
    .addOption(numbersOption("--densities <numbers>", "the counts for each of these: 0.2,0.4,..."))
    .option("--vary <model>", "the model to try them for, where there are not two")
    .addOption(threadsOption())
    .option("--report <folder>", "write HTML, Markdown, JSON, and figures as SVG and CSV");
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (words, options) => {
      const { runConflicts } = await import("./run-conflicts.ts");
      await runConflicts(words, options);
    });
}
