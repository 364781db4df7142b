/** `tiesmith evaluate`: what models can do. */
import { type Command, Option } from "commander";
import { TiesmithError } from "../errors.ts";
import { addOutputOptions, collect, type OutputOptions, threadsOption } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith evaluate base merged --tasks sib200:tam --data benchmarks
  $ tiesmith evaluate merged --tasks sib200,belebele --languages tam,tel \\
      --data benchmarks --out results
  $ tiesmith evaluate my-model --tasks mgsm:tel --data benchmarks \\
      --backend openai --url http://localhost:8000/v1
  $ tiesmith evaluate merged --tasks belebele_tam_Taml --backend lm-eval

A task is a name (tiesmith tasks lists them) or the path of a YAML file. Every
answer is kept: a run that was interrupted goes on where it was, and what has
been answered is not asked again. Models are compared with the first one, on
the same rows.`;

/** The options of the command as parsed. */
export interface EvaluateCommandOptions extends OutputOptions {
  readonly tasks?: readonly string[];
  readonly data?: string;
  readonly languages?: readonly string[];
  readonly split?: string;
  readonly prompt?: string;
  readonly shots?: number;
  readonly limit?: number;
  readonly out?: string;
  readonly cache?: string;
  readonly markdown?: boolean;
  readonly backend: string;
  readonly ggufType?: string;
  readonly kvType?: string;
  readonly flashAttention?: boolean;
  readonly sequences?: number;
  readonly threads?: number;
  readonly url?: string;
  readonly keyVariable?: string;
  readonly concurrency?: number;
  readonly timeout?: number;
  readonly command?: string;
}

/** Adds the command to the program. */
export function addEvaluateCommand(program: Command): void {
  const command = program.command("evaluate").summary("measure models on benchmarks");
  command
    .description("Measures models on benchmarks, with intervals, and compares them on the same rows.")
    .argument("<models...>", "model folders, GGUF files or hub ids; for a server, its names")
    .option("--tasks <tasks>", "sib200:tam, or task.yaml; repeatable, or with commas", commaSeparated)
    .option("--languages <codes>", "languages of tasks that are named without one", commaSeparated)
    .option("--data <folder>", "where the benchmarks' files are")
    .option("--split <name>", "which rows (default: test)")
    .option("--prompt <name>", "which of a task's prompts (default: its first)")
    .addOption(wholeNumber("--shots <n>", "examples before each row", 0))
    .addOption(wholeNumber("--limit <n>", "only the first rows of each task", 1))
    .option("--out <folder>", "write results.json and every prediction there")
    .option("--cache <folder>", "where answers are kept (default: ~/.cache/tiesmith/evaluations)")
    .option("--markdown", "print Markdown tables");
  command
    .optionsGroup("Backend:")
    .addOption(
      new Option("--backend <name>", "what runs the models")
        .choices(["llama", "openai", "lm-eval"])
        .default("llama"),
    )
    .option("--gguf-type <type>", "llama: store weights as f32, f16, bf16 or q8_0 (default: f32)")
    .addOption(
      new Option("--kv-type <type>", "llama: key/value cache (default: F32)").choices(["F32", "F16"]),
    )
    .option("--flash-attention", "llama: faster, a little less exact")
    .addOption(wholeNumber("--sequences <n>", "llama: texts evaluated together (default: 4)", 1))
    .addOption(threadsOption())
    .option("--url <url>", "openai: the server's address, such as http://localhost:8000/v1")
    .option("--key-variable <name>", "openai: environment variable of the key (default: OPENAI_API_KEY)")
    .addOption(wholeNumber("--concurrency <n>", "openai: requests under way (default: 8)", 1))
    .addOption(wholeNumber("--timeout <seconds>", "openai: for one request (default: 120)", 1))
    .option("--command <path>", "lm-eval: the command (default: lm_eval)");
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (models, options) => {
      const { runEvaluate } = await import("./run-evaluate.ts");
      await runEvaluate(models, options);
    });
}

function commaSeparated(word: string, words: readonly string[] = []): readonly string[] {
  return word
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .reduce<readonly string[]>((all, part) => collect(part, all), words);
}

function wholeNumber(flags: string, description: string, least: number): Option {
  return new Option(flags, description).argParser((word) => {
    const value = Number(word);
    if (Number.isInteger(value) && value >= least && word.trim() !== "") return value;
    const option = flags.split(" ")[0] as string;
    const message = `Expected a whole number of at least ${least} for ${option}, but received ${JSON.stringify(word)}`;
    throw new TiesmithError("USAGE", message, { option });
  });
}
