/** Conditions between variables: `k_ct >= k_sft`, `lambda < 2`, `zero_sign == majority`. */
import type { Parameters, VariableValue } from "./results.ts";
import { VARIABLE_NAME } from "./variables.ts";

const OPERATORS = {
  "<=": (a: VariableValue, b: VariableValue) => a <= b,
  ">=": (a: VariableValue, b: VariableValue) => a >= b,
  "==": (a: VariableValue, b: VariableValue) => a === b,
  "!=": (a: VariableValue, b: VariableValue) => a !== b,
  "<": (a: VariableValue, b: VariableValue) => a < b,
  ">": (a: VariableValue, b: VariableValue) => a > b,
} as const;

/** A comparison of a variable with another one or with a value. */
export interface Condition {
  readonly text: string;
  readonly left: string;
  readonly operator: keyof typeof OPERATORS;
  readonly right: { readonly variable: string } | { readonly value: VariableValue };
}

/** Reads a condition; null where the text is none. Whether a word names a variable, `known` says. */
export function parseCondition(text: string, known: readonly string[]): Condition | null {
  const [, left = "", operator = "", right = ""] =
    /^\s*(\S+)\s*(<=|>=|==|!=|<|>)\s*(\S+)\s*$/.exec(text) ?? [];
  if (!VARIABLE_NAME.test(left) || right === "") return null;
  const named = { text: text.trim(), left, operator: operator as Condition["operator"] };
  if (known.includes(right)) return { ...named, right: { variable: right } };
  if (right === "true" || right === "false") return { ...named, right: { value: right === "true" } };
  const number = Number(right);
  if (Number.isFinite(number)) return { ...named, right: { value: number } };
  // Order means something for numbers only.
  return /^[<>]/.test(operator) ? null : { ...named, right: { value: right } };
}

/** The variables that a condition speaks of. */
export function variablesOf({ left, right }: Condition): string[] {
  return "variable" in right ? [left, right.variable] : [left];
}

/** Whether a point meets all conditions. */
export function meetsAll(point: Parameters, conditions: readonly Condition[]): boolean {
  return conditions.every(({ left, operator, right }) => {
    const other = "variable" in right ? point[right.variable] : right.value;
    return OPERATORS[operator](point[left] as VariableValue, other as VariableValue);
  });
}
