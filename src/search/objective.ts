/** One number from the scores of a candidate: what a search makes as large as it can. */
import type { TrialScore } from "./results.ts";

/** How scores become one number. */
export type Objective =
  | { readonly kind: "average" }
  | { readonly kind: "worst" }
  | { readonly kind: "language"; readonly language: string }
  /** Weights by `task` or `task:language`; tasks that are not named weigh nothing. */
  | { readonly kind: "weighted"; readonly weights: Readonly<Record<string, number>> };

type Scored = Pick<TrialScore, "task" | "language" | "value">;

/** The value of an objective, from 0 to 1. */
export function objectiveOf(objective: Objective, scores: readonly Scored[]): number {
  if (objective.kind === "worst") return Math.min(...scores.map(({ value }) => value));
  if (objective.kind === "language")
    return mean(scores.filter(({ language }) => language === objective.language));
  if (objective.kind === "weighted") {
    const weights = scores.map((score) => weightOf(objective.weights, score));
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    return scores.reduce((sum, { value }, i) => sum + (weights[i] as number) * value, 0) / total;
  }
  const languages = [...new Set(scores.map(({ language }) => language))];
  return mean(languages.map((code) => ({ value: mean(scores.filter(({ language }) => language === code)) })));
}

/** The objective in words, for reports. */
export function describeObjective(objective: Objective): string {
  if (objective.kind === "worst") return "the worst task";
  if (objective.kind === "language") return `the average over the tasks in ${objective.language}`;
  if (objective.kind === "weighted") {
    const parts = Object.entries(objective.weights).map(([task, weight]) => `${weight} × ${task}`);
    return `the weighted average of ${parts.join(", ")}`;
  }
  return "the average over the tasks of each language, then over the languages";
}

/** A weight for a task in a language wins over one for the task. */
function weightOf(weights: Readonly<Record<string, number>>, { task, language }: Scored): number {
  return weights[`${task}:${language}`] ?? weights[task] ?? 0;
}

function mean(scores: readonly Pick<TrialScore, "value">[]): number {
  return scores.reduce((sum, { value }) => sum + value, 0) / scores.length;
}
