/** The words that `merge` and `plan` share: a recipe file, or what stands for one, and where the output goes. */
import { type Command, Option } from "commander";
import { collect, parseSize, threadsOption } from "./options.ts";

/** Options of a recipe told in words. */
export interface RecipeWordOptions {
  readonly method?: string;
  readonly base?: string;
  readonly param?: readonly string[];
  readonly dtype?: string;
  readonly outDtype?: string;
  readonly tokenizerSource?: string;
}

/** Options on where and how the output is written. */
export interface DestinationOptions {
  readonly format?: string;
  readonly type?: string;
  readonly threads?: number;
  readonly maxMemory?: number;
  readonly maxShardSize?: number;
  readonly overwrite?: boolean;
  readonly resume?: boolean;
  readonly restart?: boolean;
}

/** Adds the argument and the options of {@link RecipeWordOptions}. */
export function addRecipeWords(command: Command): Command {
  return command
    .usage(
      `[options] RECIPE\n       tiesmith ${command.name()} [options] --method NAME MODEL[:KEY=VALUE,...]...`,
    )
    .argument("<recipe-or-models...>", "a recipe file, or models if --method is given")
    .optionsGroup("Instead of a recipe file:")
    .option("--method <name>", "linear, task_arithmetic, ties or ties_sv")
    .option("--base <model>", "the base model")
    .option("--param <key=value>", "a parameter, such as lambda=0.9; repeatable", collect)
    .option("--dtype <dtype>", "store float32, float16 or bfloat16")
    .option("--out-dtype <dtype>", "the same; wins over --dtype")
    .option("--tokenizer-source <model>", "where the tokenizer is from: base, or a model");
}

/** Adds the options of {@link DestinationOptions}. */
export function addDestinationOptions(command: Command): Command {
  const size = new Option("--max-shard-size <size>", "most bytes a file: 500MB, 5GB (default), 2GiB");
  const memory = new Option("--max-memory <size>", "memory to stay below, beyond mapped files: 200MB");
  return command
    .option("--format <format>", "safetensors (default): a model folder; gguf: one file")
    .option("--type <type>", "of a GGUF file: f32, f16, bf16 (default) or q8_0")
    .addOption(threadsOption())
    .addOption(memory.argParser((word) => parseSize(word, "--max-memory")))
    .addOption(size.argParser((word) => parseSize(word, "--max-shard-size")))
    .option("--overwrite", "replace an output that tiesmith made")
    .option("--resume", "go on with an interrupted merge")
    .option("--restart", "discard an interrupted merge");
}
