/** Variables in a recipe's text: `${k_ct}`. */
import type { Parameters, VariableValue } from "./results.ts";

/** Where a variable stands in a text. */
export interface VariableUse {
  readonly name: string;
  /** From 1. */
  readonly line: number;
}

/** What a variable may be called. */
export const VARIABLE_NAME = /^[A-Za-z_]\w{0,63}$/;

/** A text that may stand anywhere in a recipe without changing what is around it. */
export const SAFE_TEXT = /^[\w./@~-]{1,256}$/;

const USE = /\$\{([^}\n]*)\}/g;

/** All uses of variables, in the order of the text; names are not judged. */
export function variablesIn(text: string): VariableUse[] {
  return [...text.matchAll(USE)].map((match) => ({
    name: (match[1] as string).trim(),
    line: text.slice(0, match.index).split("\n").length,
  }));
}

/**
 * The text with a value for every variable. Quotes right around a variable go with it, so that `"${k}"` (which YAML
 * needs inside braces) becomes a number, too.
 */
export function substitute(text: string, values: Parameters): string {
  return text.replace(/(["']?)\$\{([^}\n]*)\}\1/g, (whole, _quote, name: string) => {
    const value = values[name.trim()];
    return value === undefined ? whole : literal(value);
  });
}

function literal(value: VariableValue): string {
  return String(value);
}

/** Braces end a plain YAML text inside `{ }`; these characters, which are for private use, do not. */
const [OPEN, CLOSE] = ["\uE000", "\uE001"];

/** The text with variables that YAML takes for ordinary words, on the same lines. */
export function maskVariables(text: string): string {
  return text.replace(USE, (_, name: string) => `${OPEN}${name}${CLOSE}`);
}

/** Undoes {@link maskVariables}. */
export function unmaskVariables(text: string): string {
  return text.replaceAll(OPEN, "${").replaceAll(CLOSE, "}");
}
