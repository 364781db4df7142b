/** Whether a literal fits its parameter's type and range, and how a message says that it does not. */

import { adviseKnown } from "./context.ts";
import type { ParameterSpec } from "./method-schema.ts";

/** `expected` follows the parameter's name in a message, `advice` ends it. */
export interface ValueFault {
  readonly expected: string;
  readonly advice: string;
}

/** YAML 1.1, which mergekit's parser speaks, reads the first four as booleans; YAML 1.2 does not. */
const BOOLEAN_WORDS: ReadonlyMap<string, boolean> = new Map([
  ["yes", true],
  ["on", true],
  ["no", false],
  ["off", false],
  ["true", true],
  ["false", false],
]);

/** What is wrong with a literal; null when it fits. */
export function valueFault(spec: ParameterSpec, value: unknown): ValueFault | null {
  if (spec.type === "number") return numberFault(spec, value);
  if (spec.type === "boolean") return booleanFault(value);
  return choiceFault(spec.choices ?? [], value);
}

function numberFault(spec: ParameterSpec, value: unknown): ValueFault | null {
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = spec;
  if (typeof value === "number" && Number.isFinite(value)) {
    return value >= min && value <= max ? null : { expected: rangeText(spec), advice: "" };
  }
  const isQuoted = typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value));
  const range = rangeText(spec);
  const expected = range === "" ? "as a finite number" : `as a number ${range}`;
  return { expected, advice: isQuoted ? "; remove the quotes" : "" };
}

function rangeText({ min, max }: ParameterSpec): string {
  if (min !== undefined && max !== undefined) return `between ${min} and ${max}`;
  if (min !== undefined) return `of at least ${min}`;
  return max === undefined ? "" : `of at most ${max}`;
}

function booleanFault(value: unknown): ValueFault | null {
  if (typeof value === "boolean") return null;
  const meant = typeof value === "string" ? BOOLEAN_WORDS.get(value.toLowerCase()) : undefined;
  return { expected: "as true or false", advice: meant === undefined ? "" : `; write ${meant}` };
}

function choiceFault(choices: readonly string[], value: unknown): ValueFault | null {
  if (typeof value === "string" && choices.includes(value)) return null;
  const advice = typeof value === "string" ? adviseKnown(value, choices) : "";
  return { expected: `as ${choices.join(" or ")}`, advice: advice.startsWith("did") ? `; ${advice}` : "" };
}
