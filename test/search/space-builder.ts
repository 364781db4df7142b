/** Variables and conditions for tests. */
import { type Condition, parseCondition } from "../../src/search/conditions.ts";
import type { SearchVariable, VariableValue } from "../../src/search/results.ts";

export function list(name: string, ...values: VariableValue[]): SearchVariable {
  return { name, values, range: null, when: null };
}

export function range(
  name: string,
  from: number,
  to: number,
  scale: "linear" | "log" = "linear",
): SearchVariable {
  return { name, values: null, range: { from, to, step: null, scale }, when: null };
}

export function condition(text: string, known: readonly string[] = ["a", "b"]): Condition {
  const parsed = parseCondition(text, known);
  if (parsed === null) throw new Error(`no condition: ${text}`);
  return parsed;
}
