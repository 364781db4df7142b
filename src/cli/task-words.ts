/** The words that commands share which measure models: tasks and rows, and how the embedded backend runs. */
import { type Command, Option } from "commander";
import { TiesmithError } from "../errors.ts";
import type { BackendOptions } from "../index.ts";
import { commaSeparated, wholeNumber } from "./number-words.ts";

/** What is measured. */
export interface TaskWords {
  readonly tasks?: readonly string[];
  readonly data?: string;
  readonly languages?: readonly string[];
  readonly split?: string;
  readonly prompt?: string;
  readonly shots?: number;
  readonly limit?: number;
  readonly cache?: string;
}

/** How the embedded backend runs models. */
export interface LlamaWords {
  readonly ggufType?: string;
  readonly kvType?: string;
  readonly flashAttention?: boolean;
  readonly sequences?: number;
}

/** Adds the options of {@link TaskWords}. */
export function addTaskOptions(command: Command): Command {
  return command
    .optionsGroup("Tasks:")
    .option("--tasks <tasks>", "sib200:tam, or task.yaml; repeatable, or with commas", commaSeparated)
    .option("--languages <codes>", "languages of tasks that are named without one", commaSeparated)
    .option("--data <folder>", "where the benchmarks' files are")
    .option("--split <name>", "which rows (default: test)")
    .option("--prompt <name>", "which of a task's prompts (default: its first)")
    .addOption(wholeNumber("--shots <n>", "examples before each row", 0))
    .addOption(wholeNumber("--limit <n>", "only the first rows of each task", 1))
    .option("--cache <folder>", "where answers are kept (default: ~/.cache/tiesmith/evaluations)");
}

/** Adds the options of {@link LlamaWords}. */
export function addLlamaOptions(command: Command): Command {
  return command
    .optionsGroup("Backend:")
    .option("--gguf-type <type>", "llama: store weights as f32, f16, bf16 or q8_0 (default: f32)")
    .addOption(
      new Option("--kv-type <type>", "llama: key/value cache (default: F32)").choices(["F32", "F16"]),
    )
    .option("--flash-attention", "llama: faster, a little less exact")
    .addOption(wholeNumber("--sequences <n>", "llama: texts evaluated together (default: 4)", 1));
}

/** @throws {TiesmithError} `USAGE` where none are named */
export function tasksOf({ tasks = [] }: TaskWords): readonly string[] {
  if (tasks.length > 0) return tasks;
  throw new TiesmithError(
    "USAGE",
    "Expected --tasks TASKS, what to measure (tiesmith tasks lists them), but found none",
    { option: "--tasks" },
  );
}

/** What the options say of rows and prompts. */
export function selectionOf({ data, languages, split, prompt, shots, limit, cache }: TaskWords) {
  return { data, languages, split, prompt, shots, limit, cache };
}

/** The embedded backend as the options set it. */
export function llamaOf(
  { ggufType, kvType, flashAttention, sequences }: LlamaWords,
  threads: number | undefined,
) {
  type Llama = Extract<BackendOptions, { kind: "llama" }>;
  return {
    kind: "llama",
    type: ggufType as Llama["type"],
    keyValueType: kvType as Llama["keyValueType"],
    flashAttention,
    sequences,
    threads,
  } as const;
}
