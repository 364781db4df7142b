/** `tiesmith export`: a model folder in another format. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith export gguf merged --out merged.gguf --type q8_0
  $ tiesmith export gguf meta-llama/Llama-2-7b-hf --out llama.gguf --type bf16

Writes models of the Llama family (Llama 2 and 3, Mistral, Qwen 2, 2.5 and 3,
Gemma 1 and 2) for llama.cpp. Norms and biases are stored as f32.`;

/** The options of the command as parsed. */
export interface ExportCommandOptions extends OutputOptions {
  readonly out?: string;
  readonly type?: string;
  readonly overwrite?: boolean;
}

/** Adds the command to the program. */
export function addExportCommand(program: Command): void {
  const command = program.command("export").summary("write a model in another format");
  command
    .description(
      "Writes a model folder as one file of another format. Streams: memory does not grow with the model.",
    )
    .argument("<format>", "gguf")
    .argument("<model>", "a model folder, or a hub id in the local cache")
    .option("--out <file>", "the file to write; always needed")
    .option("--type <type>", "f32, f16, bf16 or q8_0", "bf16")
    .option("--overwrite", "replace an existing file");
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (format, model, options) => {
      const { runExport } = await import("./run-export.ts");
      await runExport(format, model, options);
    });
}
