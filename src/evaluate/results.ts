/** What an evaluation comes to: plain data, the same in the API, in `--json` and in results.json. */

import type { Normalization, Prediction } from "./scoring.ts";
import type { Estimate, PairedDifference } from "./statistics.ts";

/** Raised when a key changes its meaning. */
export const RESULTS_FORMAT = 1;

export interface EvaluatedTask {
  readonly task: string;
  readonly title: string;
  /** As the paper's tables call it. */
  readonly column: string;
  readonly language: string;
  readonly languageName: string;
  readonly split: string;
  readonly prompt: string;
  readonly shots: number;
  readonly metric: "accuracy" | "exact match";
  readonly scoring: string;
  readonly rows: number;
  /** Where the rows come from; `drawn` tells how a part of them was chosen. */
  readonly data: string;
  readonly drawn: { readonly seed: string; readonly of: number; readonly rule: string } | null;
}

/** One model on one task in one language. Shares are from 0 to 1. */
export interface Score extends Estimate {
  readonly model: string;
  readonly task: string;
  readonly language: string;
  readonly correct: number;
  readonly rows: number;
  /** Accuracy under each way to normalise, for rankings. */
  readonly by?: Readonly<Record<Normalization, number>>;
  /** Generations whose bytes are no UTF-8 (paper, section 8.1); null where a server hides the bytes. */
  readonly unparsable?: {
    readonly count: number;
    readonly share: number;
    readonly medianFirstByte: number | null;
  } | null;
  /** Rows that an earlier run had answered. */
  readonly cachedRows: number;
  readonly seconds: number;
  readonly rowsPerSecond: number;
  readonly evaluatedTokens: number;
  /** What would have been evaluated without sharing prefixes. */
  readonly requestedTokens: number;
}

/** The mean over the tasks of a language, or over the languages. */
export interface AverageScore extends Estimate {
  readonly model: string;
  /** Null: over all languages, each with the same weight. */
  readonly language: string | null;
}

export interface Comparison extends PairedDifference {
  readonly first: string;
  readonly second: string;
  readonly task: string;
  readonly language: string;
}

export interface EvaluationResults {
  readonly format: typeof RESULTS_FORMAT;
  readonly tiesmith: string;
  readonly createdAt: string;
  readonly backend: Readonly<Record<string, unknown>>;
  readonly models: readonly { readonly name: string; readonly reference: string; readonly hash: string }[];
  readonly tasks: readonly EvaluatedTask[];
  readonly scores: readonly Score[];
  readonly averages: readonly AverageScore[];
  /** Every later model against the first, on the same rows. */
  readonly comparisons: readonly Comparison[];
  readonly notes: readonly string[];
}

/** All rows of one model on one task in one language. */
export interface TaskPredictions {
  readonly model: string;
  readonly task: string;
  readonly language: string;
  readonly split: string;
  readonly predictions: readonly Prediction[];
}
