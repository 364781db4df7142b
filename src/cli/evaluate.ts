/** `tiesmith evaluate`: what models can do. */
import { type Command, Option } from "commander";
import { wholeNumber } from "./number-words.ts";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";
import { addLlamaOptions, addTaskOptions, type LlamaWords, type TaskWords } from "./task-words.ts";

const EXAMPLES = `
Examples:
  $ tiesmith evaluate base merged --tasks sib200:tam --data benchmarks
  $ tiesmith evaluate merged --tasks sib200,belebele --languages tam,tel \\
      --data benchmarks --report results
  $ tiesmith evaluate my-model --tasks mgsm:tel --data benchmarks \\
      --backend openai --url http://localhost:8000/v1
  $ tiesmith evaluate merged --tasks belebele_tam_Taml --backend lm-eval

A task is a name (tiesmith tasks lists them) or the path of a YAML file. Every
answer is kept: a run that was interrupted goes on where it was, and what has
been answered is not asked again. Models are compared with the first one, on
the same rows.`;

/** The options of the command as parsed. */
export interface EvaluateCommandOptions extends OutputOptions, TaskWords, LlamaWords {
  readonly out?: string;
  readonly report?: string;
  readonly markdown?: boolean;
  readonly backend: string;
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
    .argument("<models...>", "model folders, GGUF files or hub ids; for a server, its names");
  addTaskOptions(command)
    .option("--out <folder>", "write results.json and every prediction there")
    .option("--report <folder>", "write HTML, Markdown, JSON, predictions, figures as SVG and CSV")
    .option("--markdown", "print Markdown tables");
  addLlamaOptions(command)
    .addOption(
      new Option("--backend <name>", "what runs the models")
        .choices(["llama", "openai", "lm-eval"])
        .default("llama"),
    )
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
