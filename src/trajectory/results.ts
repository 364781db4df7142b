/** A trajectory as plain data: the same in the API, in `--json` and in report.json. */
import type { SeriesFigures } from "../conflicts/report-data.ts";
import type { AverageScore, EvaluatedTask, Score } from "../evaluate/results.ts";
import type { RecipeInput } from "../recipe/recipe.ts";

/** Raised when a key changes its meaning. */
export const TRAJECTORY_FORMAT = 1;

/** One model on all tasks. */
export interface TrajectoryPoint {
  /** Short name; null for a model that stands beside all checkpoints. */
  readonly checkpoint: string | null;
  readonly x: number | null;
  /** As it was given; null for a merge, which is gone. */
  readonly reference: string | null;
  readonly modelHash: string;
  readonly scores: readonly Score[];
  readonly averages: readonly AverageScore[];
  /** Null where nothing was merged. */
  readonly mergeSeconds: number | null;
}

export interface TrajectoryCurve {
  readonly name: string;
  /** `alone`: the checkpoints themselves (CT only). */
  readonly kind: "merged" | "alone" | "other";
  /** One a checkpoint; of a model that stands beside all of them one. */
  readonly points: readonly TrajectoryPoint[];
}

export interface TrajectoryResults {
  readonly format: typeof TRAJECTORY_FORMAT;
  readonly tiesmith: string;
  readonly createdAt: string;
  readonly method: string;
  /** The recipe as understood, with the model that the checkpoints stand for. */
  readonly recipe: RecipeInput;
  readonly replaced: string;
  readonly xTitle: string;
  readonly tasks: readonly EvaluatedTask[];
  readonly backend: Readonly<Record<string, unknown>>;
  /** The merges first. */
  readonly curves: readonly TrajectoryCurve[];
  /** Along the same checkpoints; null for recipes that elect no signs, and where it was not wanted. */
  readonly conflicts: { readonly analysed: string; readonly series: SeriesFigures } | null;
  readonly seconds: number;
  readonly mergeSeconds: number;
  readonly notes: readonly string[];
}
