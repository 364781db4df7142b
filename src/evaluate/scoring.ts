/** From a model's answer to right or wrong. Needs no model: predictions that were kept can be scored again. */
import type { GenerateAnswer, ModelAnswer, RankAnswer } from "./backend.ts";
import { extractAnswer, isSameAnswer } from "./extraction.ts";
import type { Item } from "./items.ts";
import type { Scoring } from "./task.ts";
import { findUnparsable } from "./unparsable.ts";

/** One row's outcome, as it is kept. */
export interface Prediction {
  readonly key: string;
  readonly row: number;
  readonly requestHash: string;
  readonly correct: boolean;
  /** What was asked, without examples; absent in files of older versions. */
  readonly prompt?: string | undefined;
  /** The right choice's text, or the right answer. */
  readonly gold: string;
  /** The chosen text, or what was extracted; null if nothing was found. */
  readonly chosen: string | null;
  /** What was ranked, and the log-likelihoods. */
  readonly choices?: readonly string[];
  readonly scores?: readonly (number | null)[];
  /** Right or wrong under each way to normalise. */
  readonly by?: Readonly<Record<Normalization, boolean>>;
  readonly text?: string;
  readonly bytes?: string | null;
  readonly ended?: GenerateAnswer["ended"];
  /** The first byte that is no UTF-8; null if all is. */
  readonly unparsableAt?: number | null;
}

export const NORMALIZATIONS = ["none", "characters", "bytes"] as const;
export type Normalization = (typeof NORMALIZATIONS)[number];

/** What scoring needs of an item. */
export type ScoredItem = Pick<Item, "key" | "row" | "requestHash" | "choices" | "goldIndex" | "goldText"> & {
  readonly prompt?: string | undefined;
};

/** Scores one answer by the task's rules. */
export function scoreAnswer(item: ScoredItem, answer: ModelAnswer, scoring: Scoring): Prediction {
  const { key, row, requestHash, prompt } = item;
  if (scoring.method === "generation") {
    const { text, bytes, ended } = answer as GenerateAnswer;
    const chosen = extractAnswer(text, scoring.extract);
    const correct = chosen !== null && isSameAnswer(chosen, item.goldText, scoring.extract.compare);
    const raw = bytes === null ? null : Buffer.from(bytes, "base64");
    const unparsableAt = raw === null ? null : findUnparsable(raw, ended);
    const gold = item.goldText;
    return { key, row, requestHash, correct, prompt, gold, chosen, text, bytes, ended, unparsableAt };
  }
  const { logLikelihoods } = answer as RankAnswer;
  const right = (normalization: Normalization) =>
    bestChoice(item.choices, logLikelihoods, normalization) === item.goldIndex;
  const normalization = scoring.method === "log-likelihood" ? scoring.normalize : "none";
  const best = bestChoice(item.choices, logLikelihoods, normalization);
  return {
    key,
    row,
    requestHash,
    correct: best === item.goldIndex,
    prompt,
    gold: item.choices[item.goldIndex as number] as string,
    chosen: item.choices[best] ?? null,
    choices: item.choices,
    scores: logLikelihoods,
    by: { none: right("none"), characters: right("characters"), bytes: right("bytes") },
  };
}

/**
 * The likeliest choice, of equals the first; -1 if no choice has a score. Lengths are those of the choice without
 * the space before it, in code points or UTF-8 bytes, as lm-evaluation-harness counts (`acc_norm`, `acc_bytes`).
 */
export function bestChoice(
  choices: readonly string[],
  logLikelihoods: readonly (number | null)[],
  normalization: Normalization,
): number {
  let [best, bestScore] = [-1, Number.NEGATIVE_INFINITY];
  for (const [i, choice] of choices.entries()) {
    const sum = logLikelihoods[i];
    if (sum == null) continue;
    const score = sum / Math.max(1, lengthOf(choice, normalization));
    if (best < 0 || score > bestScore) [best, bestScore] = [i, score];
  }
  return best;
}

function lengthOf(choice: string, normalization: Normalization): number {
  if (normalization === "none") return 1;
  return normalization === "characters" ? [...choice].length : Buffer.byteLength(choice, "utf8");
}
