/** `tiesmith trajectory`: what merging gives along a training. */
import type { Command } from "commander";
import { numbersOption } from "./number-words.ts";
import { addOutputOptions, collect, type OutputOptions, threadsOption } from "./options.ts";
import { addRecipeWords, type RecipeWordOptions } from "./recipe-words.ts";
import { addLlamaOptions, addTaskOptions, type LlamaWords, type TaskWords } from "./task-words.ts";

const EXAMPLES = `
Examples:
  $ tiesmith trajectory ties.yaml --series "runs/ct-*" --tasks sib200:tam \\
      --data benchmarks --report trajectory
  $ tiesmith trajectory ties.yaml --series ct-1.6B ct-3.2B --x 1.6,3.2 \\
      --x-title "tokens (B)" --also SFT=sft --also CTSFT=ctsft-1.6B,ctsft-3.2B \\
      --tasks sib200,belebele --languages tam --data benchmarks

Each checkpoint takes the place of one model of the recipe, whose parameters
stay as they are. A merge lies in memory or in a temporary folder while it is
evaluated. Answers are kept: an interrupted run goes on.`;

/** The options of the command as parsed. */
export interface TrajectoryCommandOptions extends OutputOptions, RecipeWordOptions, TaskWords, LlamaWords {
  readonly threads?: number;
  readonly series?: readonly string[];
  readonly replaces?: string;
  readonly x?: readonly number[];
  readonly xTitle?: string;
  readonly also?: readonly string[];
  readonly alone: boolean;
  readonly conflicts: boolean;
  readonly temporary?: string;
  readonly report?: string;
}

/** Adds the command to the program. */
export function addTrajectoryCommand(program: Command): void {
  const command = program.command("trajectory").summary("merge and measure along a training");
  command.description("Merges each checkpoint of a training, and measures what that gives.");
  addRecipeWords(command);
  command
    .optionsGroup("Training:")
    .option("--series <models...>", "checkpoints, each in the place of one model; or a pattern")
    .option("--replaces <model>", "the model that they stand for")
    .addOption(numbersOption("--x <numbers>", "where they stand on the axis: 1.6,3.2,..."))
    .option("--x-title <text>", "what the axis counts: tokens (B)")
    .option("--also <name=models>", "one model, or one a checkpoint, beside them; repeatable", collect)
    .option("--no-alone", "do not measure the checkpoints themselves")
    .option("--no-conflicts", "do not count conflicts along the series");
  addTaskOptions(command);
  addLlamaOptions(command)
    .addOption(threadsOption())
    .option("--temporary <folder>", "where merges lie while they are measured")
    .option("--report <folder>", "write HTML, Markdown, JSON, and figures as SVG and CSV");
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (words, options) => {
      const { runTrajectory } = await import("./run-trajectory.ts");
      await runTrajectory(words, options);
    });
}
