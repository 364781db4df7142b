/** What counts as the answer in a generated text. */
import type { Scoring } from "./task.ts";

export type Extraction = Extract<Scoring, { method: "generation" }>["extract"];

/** The answer in a text by a task's rule, trimmed; null if the pattern is nowhere. */
export function extractAnswer(text: string, rule: Extraction): string | null {
  const cleaned = rule.remove === undefined ? text : text.replace(new RegExp(rule.remove, "gu"), "");
  const matches = [...cleaned.matchAll(new RegExp(rule.pattern, "gu"))].filter(([whole]) => whole !== "");
  const match = rule.take === "first" ? matches[0] : matches.at(-1);
  if (match === undefined) return null;
  const [whole, ...groups] = match;
  return (groups.find((group) => group !== undefined) ?? whole).trim();
}

/** Whether an extracted answer is the right one. */
export function isSameAnswer(found: string, gold: string, compare: Extraction["compare"]): boolean {
  if (compare === "text") return found === gold.trim();
  if (compare === "lowercase") return found.toLowerCase() === gold.trim().toLowerCase();
  const [a, b] = [numberOf(found), numberOf(gold)];
  return a !== null && a === b;
}

/** The number that a text writes; thousands separators, a currency sign and a final full stop do not matter. */
export function numberOf(text: string): number | null {
  const bare = text.trim().replace(/[$,]/g, "").replace(/\.$/, "");
  return /^-?(\d+(\.\d+)?|\.\d+)$/.test(bare) ? Number(bare) : null;
}
