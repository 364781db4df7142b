/**
 * The command line as a whole. Only commander and the definitions of the commands are loaded at the start, so that
 * `--help` answers at once; what a command does is imported when it runs.
 */
import { Command, CommanderError } from "commander";
import { VERSION } from "../version.ts";
import { addConflictsCommand } from "./conflicts.ts";
import { addDemoCommand } from "./demo.ts";
import { addDiffCommand } from "./diff.ts";
import { addEvaluateCommand } from "./evaluate.ts";
import { addExportCommand } from "./export.ts";
import { addInspectCommand } from "./inspect.ts";
import { addMergeCommand } from "./merge.ts";
import type { OutputOptions } from "./options.ts";
import { addPlanCommand } from "./plan.ts";
import { addSearchCommand } from "./search.ts";
import { addTasksCommand } from "./tasks.ts";
import { addTrajectoryCommand } from "./trajectory.ts";
import { addVerifyCommand } from "./verify.ts";

const EXAMPLES = `
Examples:
  $ tiesmith plan ties.yaml
  $ tiesmith merge ties.yaml --out merged
  $ tiesmith merge --method ties --base llama-2-7b --out merged \\
      ct:density=1 sft:density=0.2
  $ tiesmith conflicts ties.yaml --report conflicts
  $ tiesmith verify merged
  $ tiesmith diff llama-2-7b merged

Exit codes: 0 done, 1 failed run, 2 bad input; after a signal 128 and its
number: 130 for Ctrl-C, 143 for SIGTERM, 129 for SIGHUP.
Environment: NO_COLOR; HF_HUB_CACHE and HF_HOME, where hub ids are looked up;
TIESMITH_KERNEL, which forces an instruction set.`;

const COMMANDS = [
  addMergeCommand,
  addPlanCommand,
  addConflictsCommand,
  addInspectCommand,
  addDiffCommand,
  addVerifyCommand,
  addEvaluateCommand,
  addTasksCommand,
  addTrajectoryCommand,
  addExportCommand,
  addSearchCommand,
  addDemoCommand,
];

/** Runs one command line, given without node and script, and sets the exit code of the process. */
export async function runCommandLine(argv: readonly string[]): Promise<void> {
  leaveWhenNobodyReads(process.stdout);
  // A terminal that is gone (SIGHUP), a pipe that is closed: what cannot be told must not end a merge.
  process.stderr.on("error", () => {});
  let options: OutputOptions = {};
  const program = createProgram().hook("preAction", (_program, command) => {
    options = command.opts();
  });
  try {
    if (argv.length === 0) program.help({ error: true });
    await program.parseAsync(argv, { from: "user" });
  } catch (error) {
    // Help and version have been printed.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const { exitCodeOf, reportFailure } = await import("./failure.ts");
    process.exitCode = exitCodeOf(error);
    reportFailure(error, options);
  }
}

/** The commands with their options; nothing runs before it is parsed. */
function createProgram(): Command {
  const program = new Command("tiesmith")
    .description("Merges language-model checkpoints, from disk to disk.")
    .version(VERSION, "--version", "print the version")
    .helpOption("--help", "print this help")
    .helpCommand("help [command]", "print the help of a command")
    .addHelpText("after", EXAMPLES)
    // Commands below commands have options of the same names as those above.
    .enablePositionalOptions()
    .exitOverride()
    // Messages are told by reportFailure, in one line each.
    .configureOutput({ outputError: () => {} });
  for (const add of COMMANDS) add(program);
  return program;
}

/** Ends the process quietly when the reader of a pipe has gone, as in `tiesmith inspect MODEL | head`. */
function leaveWhenNobodyReads(stream: NodeJS.WriteStream): void {
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE" && error.code !== "EIO") throw error;
    process.exit();
  });
}
