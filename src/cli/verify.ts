/** `tiesmith verify`: whether a merged model still is what its manifest says. */
import type { Command } from "commander";
import { addOutputOptions, type OutputOptions, threadsOption } from "./options.ts";

const EXAMPLES = `
Examples:
  $ tiesmith verify merged
  $ tiesmith verify merged.gguf --json

Exit code 1 if anything differs from tiesmith.json, which stands beside a GGUF
file as FILE.json.`;

/** The options of the command as parsed. */
export interface VerifyCommandOptions extends OutputOptions {
  readonly threads?: number;
}

/** Adds the command to the program. */
export function addVerifyCommand(program: Command): void {
  const command = program.command("verify").summary("check the hashes of a merged model");
  command
    .description("Recomputes the hashes of a merged model, and compares them with its manifest.")
    .argument("<path>", "a folder or GGUF file that tiesmith has merged")
    .addOption(threadsOption());
  addOutputOptions(command, "print nothing but errors")
    .addHelpText("after", EXAMPLES)
    .action(async (folder, options) => {
      const { runVerify } = await import("./run-verify.ts");
      await runVerify(folder, options);
    });
}
