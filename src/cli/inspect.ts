/** `tiesmith inspect`: what a model folder holds. */
import type { Command } from "commander";
import { addOutputOptions } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith inspect merged
  $ tiesmith inspect meta-llama/Llama-2-7b-hf
  $ tiesmith inspect merged --json | jq .parameterCount`;

/** Adds the command to the program. */
export function addInspectCommand(program: Command): void {
  const command = program.command("inspect").summary("list the tensors of a model");
  command
    .description("Lists the tensors, shapes, dtypes and files of a model. Reads headers only.")
    .argument("<model>", "a model folder, or a hub id in the local cache");
  addOutputOptions(command)
    .addHelpText("after", EXAMPLES)
    .action(async (model, options) => {
      const { runInspect } = await import("./run-inspect.ts");
      runInspect(model, options);
    });
}
