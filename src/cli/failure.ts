/** How a failure is told: an exit code, and one line. */
import { constants } from "node:os";
import { CommanderError } from "commander";
import { isBadInput, messageOf, TiesmithError } from "../errors.ts";
import type { OutputOptions } from "./options.ts";
import { printError, printJson } from "./terminal.ts";

export const EXIT_FAILED = 1;
export const EXIT_BAD_INPUT = 2;
/** What shells add to the number of the signal that ended a process. */
const EXIT_SIGNALLED = 128;

/** The exit code for whatever a command threw. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof CommanderError) return EXIT_BAD_INPUT;
  if (!(error instanceof TiesmithError)) return EXIT_FAILED;
  if (error.code === "INTERRUPTED") return EXIT_SIGNALLED + signalNumber(error.details.signal);
  return isBadInput(error.code) ? EXIT_BAD_INPUT : EXIT_FAILED;
}

/** Of SIGTERM 15, of SIGHUP 1; otherwise that of SIGINT, 2. */
function signalNumber(signal: unknown): number {
  return (constants.signals as Record<string, number>)[String(signal)] ?? constants.signals.SIGINT;
}

/** Tells a failure in one line on stderr, with the stack if asked, and as a JSON document where one is due. */
export function reportFailure(error: unknown, { json = false, verbose = false }: OutputOptions): void {
  if (error instanceof CommanderError) {
    // Without a command, the help has been printed on stderr.
    if (error.code !== "commander.help") printError(usageMessage(error));
    return;
  }
  const known = error instanceof TiesmithError ? error : internal(error);
  printError(known.message);
  if (verbose) process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  if (json) printJson({ error: known.toProblem() });
}

/** commander's sentence in one line, with a way on. */
function usageMessage({ message }: CommanderError): string {
  const sentence = message
    .replace(/^error: /, "")
    .replace(/\.$/, "")
    .replace(/\n\(Did you mean (.*)\?\)$/s, "; did you mean $1?");
  return sentence.includes("did you mean") ? sentence : `${sentence}; see --help`;
}

function internal(error: unknown): TiesmithError {
  const message = `This should not have happened: ${messageOf(error)}; run again with --verbose and report it`;
  return new TiesmithError("INTERNAL", message);
}
