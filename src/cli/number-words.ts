/** Options whose words are numbers or lists. */
import { Option } from "commander";
import { collect, refuse } from "./options.ts";

/** Numbers with commas between them. */
export function numbersOption(flags: string, description: string): Option {
  return new Option(flags, description).argParser((word) => {
    const parts = word.split(",").map((part) => part.trim());
    const numbers = parts.map(Number);
    if (parts.every((part) => part !== "") && numbers.every(Number.isFinite)) return numbers;
    refuse(optionOf(flags), "numbers such as 0.2,0.4", word);
  });
}

/** A whole number from `least` on. */
export function wholeNumber(flags: string, description: string, least: number): Option {
  return new Option(flags, description).argParser((word) => {
    const value = Number(word);
    if (Number.isInteger(value) && value >= least && word.trim() !== "") return value;
    refuse(optionOf(flags), `a whole number of at least ${least}`, word);
  });
}

/** Collects a repeatable option whose words may hold several, with commas between them. */
export function commaSeparated(word: string, words: readonly string[] = []): readonly string[] {
  return word
    .split(",")
    .map((part) => part.trim())
    .filter((part) => part !== "")
    .reduce<readonly string[]>((all, part) => collect(part, all), words);
}

/** `--lease <seconds>` → `--lease`. */
function optionOf(flags: string): string {
  return flags.split(" ")[0] as string;
}
