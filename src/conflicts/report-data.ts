/** The report of an analysis as plain data: what `--json` prints and files are made from. Documented in docs/conflicts.md. */
import type { Scope } from "../methods/method.ts";
import type { RecipeInput } from "../recipe/recipe.ts";
import type { Figures, Histogram, ModelFigures } from "./figures.ts";
import type { ModuleKind } from "./module-kind.ts";

/** Of this layout. */
export const REPORT_FORMAT = 1;

export interface TensorFigures extends Figures {
  readonly name: string;
  readonly kind: ModuleKind;
  /** Null outside the layers. */
  readonly layer: number | null;
  /** With `slackCurve`, where the scope is the tensor. */
  readonly slackCurve?: readonly SlackPoint[];
}

/** All tensors of one kind, of one layer, or of both. */
export interface GroupFigures extends Figures {
  readonly kind: ModuleKind | null;
  readonly layer: number | null;
  readonly tensorCount: number;
}

export interface SeriesPoint {
  /** Short name, and the name as it was given. */
  readonly checkpoint: string;
  readonly reference: string;
  readonly x: number;
  readonly figures: Figures;
}

export interface SeriesFigures {
  /** The model of the recipe that the checkpoints stand for. */
  readonly replaced: string;
  readonly xTitle: string;
  readonly points: readonly SeriesPoint[];
  /**
   * The paper's rule for slack (section 6.2): how much discarded / retained of the analysed model rises from the first
   * checkpoint to the last. Null where a share is.
   */
  readonly rise: number | null;
  readonly riseWithoutZeroVotes: number | null;
}

/** Slack of this much gives back `given` parameters, of which `largestForgiven` is the largest |sum of votes|. */
export interface SlackPoint {
  readonly slack: number;
  readonly given: number;
  readonly largestForgiven: number;
}

export interface SlackCurve {
  /** What the slack is a share of: the retained or the discarded parameters of the analysed model. */
  readonly of: "retained" | "discarded";
  readonly retained: number;
  readonly discarded: number;
  /** Ascending; the last one gives back everything. Over the whole model, whatever the scope. */
  readonly points: readonly SlackPoint[];
  /** Where the curve is farthest below its chord: from here on each share of slack forgives larger differences. */
  readonly knee: SlackPoint | null;
}

export type GridModel = Pick<
  ModelFigures,
  | "model"
  | "parameters"
  | "retained"
  | "inConflict"
  | "conflictsWon"
  | "conflictsLost"
  | "zeroVotes"
  | "discarded"
  | "discardedWithoutZeroVotes"
  | "kept"
  | "density"
  | "conflictShare"
  | "discardedShare"
  | "discardedShareWithoutZeroVotes"
>;

export interface GridCell {
  /** One a model, in recipe order; null where the recipe's own holds. */
  readonly densities: readonly (number | null)[];
  readonly conflicts: number;
  readonly models: readonly GridModel[];
}

export interface DensityGrid {
  readonly densities: readonly number[];
  /** The models that have them in turn. */
  readonly varied: readonly string[];
  readonly cells: readonly GridCell[];
}

export interface ConflictsReport extends Figures {
  readonly format: typeof REPORT_FORMAT;
  readonly tiesmith: string;
  readonly method: string;
  readonly scope: Scope;
  /** The recipe as understood, in mergekit's spelling. */
  readonly recipe: RecipeInput;
  readonly base: string;
  /** The model whose losses matter. */
  readonly analysed: string;
  readonly tensorCount: number;
  /** With `ties_sv`: the share that slack gives back (null where it varies by tensor), and of what. */
  readonly slack: { readonly share: number | null; readonly of: "retained" | "discarded" } | null;
  readonly histograms: readonly Histogram[];
  readonly kinds: readonly GroupFigures[];
  readonly layers: readonly GroupFigures[];
  /** Layer by layer, kind by kind. */
  readonly modules: readonly GroupFigures[];
  /** In the order of the base's files. */
  readonly tensors: readonly TensorFigures[];
  readonly series: SeriesFigures | null;
  readonly slackCurve: SlackCurve | null;
  readonly densityGrid: DensityGrid | null;
  readonly notes: readonly string[];
  /** What may differ between two runs. */
  readonly run: { readonly seconds: number; readonly threads: number; readonly kernel: string };
}
