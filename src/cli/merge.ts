/** `tiesmith merge`: a recipe in, a model out. */
import type { Command } from "commander";
import { addOutputOptions, collect, type OutputOptions } from "./options.ts";
import {
  addDestinationOptions,
  addRecipeWords,
  type DestinationOptions,
  type RecipeWordOptions,
} from "./recipe-words.ts";

const EXAMPLES = `
Examples:
  $ tiesmith merge ties-sv.yaml --out merged
  $ tiesmith merge ties-sv.yaml --out merged --resume
  $ tiesmith merge ties-sv.yaml --format gguf --type q8_0 --out merged.gguf
  $ tiesmith merge --method ties --base llama-2-7b --out merged \\
      ct:density=1 sft:density=0.2
  $ tiesmith merge --method ties_sv --base llama-2-7b --out merged \\
      --param priority=sft --param slack=0.04 --dtype bfloat16 \\
      ct:density=1,weight=1 sft:density=0.2,weight=1

A model is a folder, or a hub id (org/name@revision) in the local Hugging Face
cache. Each weight is 1 unless it is given. The output appears when it is
complete; Ctrl-C keeps what is done, and --resume goes on with it.

In the summary, density is the share of parameters that trim kept, zero the
share that the model has in common with the base; in conflict and discarded are
shares of the kept ones: another task vector has the opposite sign, and the
election was lost.`;

/** The options of the command as parsed. */
export interface MergeCommandOptions extends OutputOptions, RecipeWordOptions, DestinationOptions {
  readonly out?: string;
  readonly saturate?: boolean;
  readonly hashInputs?: boolean;
  readonly sha256?: boolean;
  readonly language?: readonly string[];
  readonly cuts?: string;
  readonly keepCached?: boolean;
}

/** Adds the command to the program. */
export function addMergeCommand(program: Command): void {
  const command = program.command("merge").summary("merge models into a new one");
  command.description(
    "Merges models into a new model folder, or a GGUF file, and tells what the method did.",
  );
  addRecipeWords(command);
  command.optionsGroup("Merge:").option("--out <path>", "the model folder or file to write; always needed");
  addDestinationOptions(command)
    .option("--saturate", "clamp values that overflow the output dtype")
    .option("--hash-inputs", "add the SHA-256 of the inputs to the manifest")
    .option("--sha256", "add the SHA-256 of the output's shards to the manifest")
    .option("--cuts <folder>", "keep measured cuts there, for merges of the same inputs")
    .option("--keep-cached", "keep inputs in the page cache, for merges that follow")
    .option("--language <tag>", "a language for the model card, or si,en; repeatable", collect);
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (words, options) => {
      const { runMerge } = await import("./run-merge.ts");
      await runMerge(words, options);
    });
}
