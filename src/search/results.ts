/** What a search comes to: plain data, the same in the API, in `--json` and in results.json. */
import type { EvaluationResults } from "../evaluate/results.ts";

/** Raised when a key changes its meaning. */
export const SEARCH_FORMAT = 1;

/** What a variable may stand for in a recipe. */
export type VariableValue = number | boolean | string;

/** A point of a space: a value for every variable of a method's recipe. */
export type Parameters = Readonly<Record<string, VariableValue>>;

/** A variable of the recipes, `${name}`, and what it may be. */
export interface SearchVariable {
  readonly name: string;
  /** What it is chosen from, in the order of the spec; null for a range without steps. */
  readonly values: readonly VariableValue[] | null;
  /** Set for a range. */
  readonly range: {
    readonly from: number;
    readonly to: number;
    readonly step: number | null;
    readonly scale: "linear" | "log";
  } | null;
  /** Set for a variable that is chosen only where others have certain values; elsewhere it is `otherwise`. */
  readonly when: {
    readonly variables: Readonly<Record<string, readonly VariableValue[]>>;
    readonly otherwise: VariableValue;
  } | null;
}

/** One of the methods that are compared: a recipe with variables. */
export interface SearchMethod {
  /** As the spec calls it; unique. */
  readonly name: string;
  /** The `merge_method` of its recipe. */
  readonly mergeMethod: string;
  /** The recipe with its variables, as it was written. */
  readonly template: string;
  /** Where model paths of the recipe are looked up first; null for a recipe that was given as an object. */
  readonly folder: string | null;
  readonly variables: readonly SearchVariable[];
  /** Conditions between its variables, such as `k_ct >= k_sft`. */
  readonly where: readonly string[];
  /** Trials that were planned. */
  readonly trialCount: number;
}

/** Rows that candidates were scored on. */
export interface TunedRows {
  readonly task: string;
  readonly language: string;
  readonly split: string;
  readonly rows: number;
  /** The file that they stand in. */
  readonly data: string;
  /** SHA-256 over the rows' own hashes, in their order: names exactly these rows. */
  readonly hash: string;
}

/** A candidate on one task in one language; shares are from 0 to 1. */
export interface TrialScore {
  readonly task: string;
  readonly language: string;
  readonly value: number;
  readonly standardError: number;
  readonly low: number;
  readonly high: number;
  readonly correct: number;
  /** Fewer than the split has, for a candidate that halving left behind. */
  readonly rows: number;
}

/** One candidate: a merge, and what it scored on the dev rows. */
export interface Trial {
  /** `METHOD-NUMBER`, the number counting from 0 within the method. */
  readonly id: string;
  readonly method: string;
  readonly number: number;
  readonly parameters: Parameters;
  /** `dropped`: left behind by halving, so that its scores are of fewer rows. */
  readonly status: "done" | "dropped" | "failed";
  /** From 0 to 1, larger is better; null for one that failed. */
  readonly objective: number | null;
  readonly scores: readonly TrialScore[];
  /** Rows of each task at most. */
  readonly rows: number;
  /** Of all rungs, with halving. */
  readonly mergeSeconds: number;
  readonly evaluateSeconds: number;
  readonly evaluatedTokens: number;
  /** SHA-256 of the recipe's text. */
  readonly recipeHash: string;
  /** Hash of the merged model, as an evaluation names it; equal for equal models. */
  readonly modelHash: string | null;
  /** Why it failed, in one line. */
  readonly error: string | null;
  readonly host: string;
  readonly finishedAt: string;
}

/** The best candidate of a method on the dev rows; of equals the first. */
export interface Winner {
  readonly method: string;
  /** Id of the trial. */
  readonly trial: string;
  readonly parameters: Parameters;
  /** On the dev rows. */
  readonly objective: number;
  readonly scores: readonly TrialScore[];
  /** The recipe with the winner's values, ready to paste. */
  readonly recipe: string;
}

/** A model of the final evaluation. */
export interface TestedModel {
  /** As `test.models` and `test.scores` name it. */
  readonly name: string;
  readonly kind: "winner" | "unmerged";
  /** The method that it won; null for an unmerged model. */
  readonly method: string | null;
  readonly trial: string | null;
  /** Whether it is the best of all methods on the dev rows. */
  readonly isBest: boolean;
}

/** What the search took; sums over all processes that worked on it. */
export interface SearchCost {
  readonly trials: number;
  /** Trials and final evaluation. */
  readonly seconds: number;
  readonly mergeSeconds: number;
  readonly evaluateSeconds: number;
  readonly testSeconds: number;
  /** Merging, as a share of the trials' time. */
  readonly mergeShare: number;
  readonly evaluatedRows: number;
  readonly evaluatedTokens: number;
  /** Median over the trials. */
  readonly mergeSecondsPerTrial: number;
  readonly evaluateSecondsPerTrial: number;
  readonly hosts: readonly string[];
}

export interface SearchResults {
  readonly format: typeof SEARCH_FORMAT;
  readonly tiesmith: string;
  readonly createdAt: string;
  /** The spec's file as it was given; null for an object. */
  readonly spec: string | null;
  /** SHA-256 of what was asked for and on which rows: a journal belongs to one. */
  readonly digest: string;
  readonly strategy: "grid" | "random" | "tpe" | "cma";
  readonly seed: number;
  readonly halving: { readonly rows: number; readonly factor: number } | null;
  /** In words, such as `average over the tasks of each language, then over languages`. */
  readonly objective: string;
  readonly methods: readonly SearchMethod[];
  readonly tunedOn: readonly TunedRows[];
  /** In the order of methods and numbers. */
  readonly trials: readonly Trial[];
  /** Whether all planned trials have been run. */
  readonly complete: boolean;
  /** One for each method that has a trial on all rows, in the order of the methods. */
  readonly winners: readonly Winner[];
  /** The method whose winner is best on the dev rows. */
  readonly best: string | null;
  /** Winners and unmerged models on the test rows, evaluated once; null before that, and without `final`. */
  readonly test: EvaluationResults | null;
  readonly testedModels: readonly TestedModel[];
  readonly cost: SearchCost;
  readonly notes: readonly string[];
}
