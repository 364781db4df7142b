/** What a search is asked for, read and validated: no file is opened but the spec and its recipes. */

import type { Condition } from "./conditions.ts";
import type { Objective } from "./objective.ts";
import type { SearchVariable } from "./results.ts";

export const STRATEGIES = ["grid", "random", "tpe", "cma"] as const;
export type StrategyName = (typeof STRATEGIES)[number];

/** A recipe with variables. */
export interface RecipeTemplate {
  readonly text: string;
  /** The recipe's file; null for one that stands in the spec. */
  readonly path: string | null;
  /** Where model paths are looked up first. */
  readonly folder: string | null;
}

/** A method that takes part in the comparison. */
export interface MethodSpec {
  readonly name: string;
  readonly template: RecipeTemplate;
  /** Those that the recipe uses, in the order of the spec. */
  readonly variables: readonly SearchVariable[];
  readonly where: readonly Condition[];
}

/** The evaluation at the end, once. */
export interface FinalSpec {
  readonly split: string;
  /** Unmerged models beside the winners. */
  readonly models: readonly string[];
  /** Beyond those that were tuned on. */
  readonly tasks: readonly string[];
}

export interface SearchSpec {
  /** The file; null for an object. */
  readonly path: string | null;
  readonly folder: string | null;
  readonly methods: readonly MethodSpec[];
  readonly tasks: readonly string[];
  readonly languages: readonly string[] | null;
  readonly data: string | null;
  readonly prompt: string | null;
  readonly shots: number | null;
  /** The split that is tuned on. */
  readonly dev: string;
  /** At most so many of its rows. */
  readonly rows: number | null;
  readonly objective: Objective;
  readonly strategy: StrategyName;
  /** Of each method; null with a grid, which tries all. */
  readonly trials: number | null;
  readonly seed: number;
  readonly halving: { readonly rows: number; readonly factor: number } | null;
  readonly final: FinalSpec | null;
}

/** A spec as an object, spelt as in YAML; recipes are objects, or paths relative to the working directory. */
export type SearchInput = Readonly<Record<string, unknown>>;
