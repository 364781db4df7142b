/** The recipe with each checkpoint in a model's place, planned before anything is merged. */
import { resolve } from "node:path";
import { referenceOf } from "../checkpoint/find-model.ts";
import { expandCheckpoints } from "../conflicts/expand-checkpoints.ts";
import { modelIndex } from "../conflicts/planned-recipe.ts";
import { axisOf } from "../conflicts/series.ts";
import { TiesmithError } from "../errors.ts";
import { modelLabels } from "../execute/manifest.ts";
import { methods } from "../methods/registry.ts";
import { locatedRecipe } from "../plan/located-recipe.ts";
import { planMerge } from "../plan/plan-merge.ts";
import { Problems } from "../plan/problems.ts";
import {
  describeReference,
  type ModelReference,
  type Recipe,
  type RecipeInput,
  readRecipe,
  recipeFromObject,
  recipeToPlain,
} from "../recipe/recipe.ts";
import { checkTrajectory, type TrajectoryOptions } from "./options.ts";

export interface Candidate {
  /** Short name of the checkpoint, and its folder. */
  readonly checkpoint: string;
  readonly folder: string;
  readonly x: number;
  /** All models by absolute path, so that it means the same wherever it is merged. */
  readonly recipe: RecipeInput;
  /** Of the merged model. */
  readonly writeBytes: number;
}

export interface PlannedTrajectory {
  readonly recipe: RecipeInput;
  readonly method: string;
  /** The model that the checkpoints stand for. */
  readonly replaced: string;
  /** For `conflicts`: the models as the recipe has them. Null for a recipe of one model. */
  readonly pair: { readonly replaces: string; readonly of: string } | null;
  readonly xTitle: string;
  readonly candidates: readonly Candidate[];
  readonly notes: readonly string[];
}

/**
 * Reads headers and configs of every merge.
 * @throws {TiesmithError} `USAGE`, and what planning a merge throws
 */
export function planTrajectory(recipe: string | RecipeInput, options: TrajectoryOptions): PlannedTrajectory {
  const parsed = typeof recipe === "string" ? readRecipe(recipe, methods) : recipeFromObject(recipe, methods);
  const { series } = options;
  const folders = [parsed.origin.folder ?? process.cwd(), process.cwd()];
  const references = expandCheckpoints(series.checkpoints, folders);
  checkTrajectory(references, options);
  const replaced = replacedModel(parsed, series.replaces);
  const axis = axisOf(references, series);
  const problems = new Problems();
  const notes = new Set(parsed.notes);
  const candidates = references.flatMap((reference, i): Candidate[] => {
    const own = withModel(parsed, replaced, referenceOf(reference));
    const result = problems.attempt(() => planMerge(own, {}));
    problems.list.push(...(result?.problems ?? []));
    const plan = result?.plan;
    if (plan == null) return [];
    for (const note of plan.notes) notes.add(note);
    return [
      {
        checkpoint: modelLabels(plan.models)[replaced] as string,
        folder: resolve(plan.models[replaced]?.folder as string),
        x: axis.x[i] as number,
        recipe: locatedRecipe(own),
        writeBytes: plan.writeBytes,
      },
    ];
  });
  if (problems.list.length > 0) throw TiesmithError.fromProblems(problems.list);
  const models = parsed.models.map(({ reference }) => ({ reference: describeReference(reference) }));
  const analysed = analysedModel(parsed, replaced);
  return {
    recipe: recipeToPlain(parsed),
    method: parsed.mergeMethod,
    replaced: modelLabels(models)[replaced] as string,
    pair:
      analysed === null
        ? null
        : {
            replaces: models[replaced]?.reference as string,
            of: models[analysed]?.reference as string,
          },
    xTitle: axis.title,
    candidates,
    notes: [...notes],
  };
}

/** As `conflicts` chooses: the first that is neither the priority model nor, without one, the last. */
function replacedModel(recipe: Recipe, replaces: string | undefined): number {
  const preferred = recipe.priorityIndex ?? recipe.models.length - 1;
  const other = recipe.models.findIndex((_, m) => m !== preferred);
  return modelIndex("series.replaces", replaces, recipe) ?? Math.max(other, 0);
}

/** Whose losses to the checkpoints are counted; null for a recipe of one model. */
function analysedModel(recipe: Recipe, replaced: number): number | null {
  const preferred = recipe.priorityIndex ?? recipe.models.length - 1;
  if (preferred !== replaced) return preferred;
  const other = recipe.models.findIndex((_, m) => m !== replaced);
  return other < 0 ? null : other;
}

function withModel(recipe: Recipe, index: number, reference: ModelReference): Recipe {
  const models = recipe.models.map((model, m) => (m === index ? { ...model, reference } : model));
  return { ...recipe, models };
}
