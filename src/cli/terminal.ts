/** What reaches the user: results on stdout, everything else on stderr. */
import type { WriteStream } from "node:tty";
import picocolors from "picocolors";
import { printable } from "../errors.ts";

export { printable } from "../errors.ts";

type Stream = NodeJS.WriteStream;

/** Colours for a stream: none unless it is a terminal with colours; node minds NO_COLOR, FORCE_COLOR and TERM. */
export function coloursOf(stream: Stream): ReturnType<typeof picocolors.createColors> {
  return picocolors.createColors(stream.isTTY === true && (stream as WriteStream).hasColors());
}

/** Prints a result; `text` may have several lines. */
export function printResult(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints the one JSON document of a `--json` run. */
export function printJson(value: unknown): void {
  printResult(JSON.stringify(value, null, 2));
}

/** Prints an error as one line. */
export function printError(message: string): void {
  const colours = coloursOf(process.stderr);
  process.stderr.write(`${colours.red("tiesmith:")} ${printable(message)}\n`);
}

/** Prints a note or a line of progress as one line. */
export function printMessage(message: string): void {
  process.stderr.write(`tiesmith: ${printable(message)}\n`);
}
