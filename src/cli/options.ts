/** Options that several commands share, and how their words become values. */
import { type Command, Option } from "commander";
import { TiesmithError } from "../errors.ts";

/** How a command speaks. */
export interface OutputOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Adds the options of {@link OutputOptions}; `quiet` says what it leaves out, where the command has it. */
export function addOutputOptions(command: Command, quiet?: string): Command {
  command.optionsGroup("Output:").option("--json", "print one JSON document instead of text");
  if (quiet !== undefined) command.option("--quiet", quiet);
  return command.option("--verbose", "print the stack of an error").helpOption("--help", "print this help");
}

/** `--threads N`. */
export function threadsOption(): Option {
  return new Option("--threads <n>", "worker threads (default: the available cores)").argParser((word) => {
    if (!/^[1-9]\d{0,3}$/.test(word)) refuse("--threads", "a whole number of at least 1", word);
    return Number(word);
  });
}

const UNIT_BYTES: Readonly<Record<string, number>> = {
  b: 1,
  kb: 1e3,
  mb: 1e6,
  gb: 1e9,
  tb: 1e12,
  kib: 2 ** 10,
  mib: 2 ** 20,
  gib: 2 ** 30,
  tib: 2 ** 40,
};

/**
 * Bytes of a size such as `5GB` (1e9), `2GiB` (2^30), `1.5 GB` or `4096`.
 * @throws TiesmithError `USAGE` naming the option; also for `5G`, which some read as 1e9 and some as 2^30
 */
export function parseSize(word: string, option: string): number {
  const [, digits, unit = ""] = /^(\d+(?:\.\d+)?) ?([a-z]*)$/i.exec(word.trim()) ?? [];
  const unitBytes = UNIT_BYTES[unit.toLowerCase() || "b"];
  const bytes = Math.floor(Number(digits) * (unitBytes ?? Number.NaN));
  if (!Number.isSafeInteger(bytes) || bytes < 1) refuse(option, "a size such as 500MB, 5GB or 2GiB", word);
  return bytes;
}

/** Collects a repeatable option. */
export function collect(word: string, words: readonly string[] = []): readonly string[] {
  return [...words, word];
}

/** @throws {TiesmithError} `USAGE` naming the option, what was expected and what was received */
export function refuse(option: string, expected: string, word: string): never {
  const message = `Expected ${expected} for ${option}, but received ${JSON.stringify(word)}`;
  throw new TiesmithError("USAGE", message, { option });
}
