/** Plans what an analysis reads: the recipe's merge, and the same with each checkpoint of a series in a model's place. */
import { resolve } from "node:path";
import { referenceOf } from "../checkpoint/find-model.ts";
import { TiesmithError } from "../errors.ts";
import { modelLabels } from "../execute/manifest.ts";
import { planWorks } from "../execute/plan-works.ts";
import type { TensorWork } from "../execute/tensor-work.ts";
import { isCopy } from "../execute/work.ts";
import { methods } from "../methods/registry.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { planMerge } from "../plan/plan-merge.ts";
import { Problems } from "../plan/problems.ts";
import {
  describeReference,
  type Recipe,
  type RecipeInput,
  readRecipe,
  recipeFromObject,
} from "../recipe/recipe.ts";
import { expandCheckpoints } from "./expand-checkpoints.ts";
import { type ConflictsOptions, checkCheckpoints } from "./options.ts";
import type { PlannedCheckpoint } from "./series.ts";

export interface PlannedAnalysis {
  readonly plan: MergePlan;
  readonly tensors: readonly TensorWork[];
  readonly labels: readonly string[];
  /** Index of the model whose losses matter. */
  readonly analysed: number;
  readonly series: { readonly replaced: number; readonly checkpoints: readonly PlannedCheckpoint[] } | null;
  /** Index of the model that densities are tried for; null for both of two, and where none are. */
  readonly varied: number | null;
}

/**
 * Reads headers and configs, and refuses what cannot be analysed.
 * @throws {TiesmithError} `USAGE`, and what planning a merge throws
 */
export function planAnalysis(recipe: string | RecipeInput, options: ConflictsOptions): PlannedAnalysis {
  const parsed = typeof recipe === "string" ? readRecipe(recipe, methods) : recipeFromObject(recipe, methods);
  if (!["ties", "ties_sv"].includes(parsed.mergeMethod))
    throw new TiesmithError(
      "USAGE",
      `Expected a recipe of ties or ties_sv, which elect signs, but received ${parsed.mergeMethod}`,
    );
  const problems = new Problems();
  const plan = planned(parsed, options, problems);
  if (plan === null) throw TiesmithError.fromProblems(problems.list);
  const labels = modelLabels(plan.models);
  const analysed = modelIndex("of", options.of, parsed) ?? plan.priority ?? labels.length - 1;
  const varied = variedModel(parsed, options);
  checkSlackCurve(parsed, plan, analysed, options);
  const series = options.series === undefined ? null : planSeries(parsed, analysed, options, problems);
  if (problems.list.length > 0) throw TiesmithError.fromProblems(problems.list);
  return { plan, tensors: tensorsOf(plan), labels, analysed, series, varied };
}

function planned(recipe: Recipe, { chunkElements }: ConflictsOptions, problems: Problems): MergePlan | null {
  const result = problems.attempt(() =>
    planMerge(recipe, chunkElements === undefined ? {} : { chunkElements }),
  );
  problems.list.push(...(result?.problems ?? []));
  return result?.plan ?? null;
}

/** Nothing is written: the outputs of these works lead nowhere. */
function tensorsOf(plan: MergePlan): TensorWork[] {
  return planWorks(plan, "", false).filter((work): work is TensorWork => !isCopy(work));
}

/**
 * A model as the recipe names it, or by its short name; null without a name.
 * @throws {TiesmithError} `USAGE` naming the option
 */
export function modelIndex(option: string, name: string | undefined, recipe: Recipe): number | null {
  if (name === undefined) return null;
  const references = recipe.models.map(({ reference }) => describeReference(reference));
  const labels = modelLabels(references.map((reference) => ({ reference })));
  const found = references.findIndex((reference, i) => reference === name || labels[i] === name);
  if (found >= 0) return found;
  const known = labels.join(", ");
  throw new TiesmithError(
    "USAGE",
    `Expected one of the models ${known} for ${option}, but received ${name}`,
    {
      option,
    },
  );
}

function variedModel(recipe: Recipe, { densities, vary }: ConflictsOptions): number | null {
  const varied = modelIndex("vary", vary, recipe);
  if (densities === undefined || varied !== null || recipe.models.length === 2) return varied;
  throw new TiesmithError(
    "USAGE",
    `Expected vary to name the model that densities are tried for, since the recipe has ${recipe.models.length} models, not 2`,
    { option: "vary" },
  );
}

/** With `zero_sign: priority` the priority model elects; another one's losses would be those of another election. */
function checkSlackCurve(
  recipe: Recipe,
  { tensors, priority }: MergePlan,
  analysed: number,
  options: ConflictsOptions,
): void {
  if (!options.slackCurve || priority === analysed || priority === null) return;
  const elects = tensors.some(
    ({ arithmetic }) => arithmetic?.kind === "ties" && arithmetic.zeroSign === "priority",
  );
  if (!elects) return;
  const name = describeReference((recipe.models[priority] as Recipe["models"][number]).reference);
  throw new TiesmithError(
    "USAGE",
    `Expected the slack curve of ${name}, which decides zero votes in this recipe, but received another model for of`,
    { option: "of" },
  );
}

function planSeries(
  recipe: Recipe,
  analysed: number,
  options: ConflictsOptions,
  problems: Problems,
): NonNullable<PlannedAnalysis["series"]> {
  const { checkpoints: words = [], replaces, x } = options.series ?? {};
  const checkpoints = expandCheckpoints(words, [recipe.origin.folder ?? process.cwd(), process.cwd()]);
  checkCheckpoints(checkpoints, x);
  // The only model of a recipe is the analysed one, and is refused below.
  const other = recipe.models.length === 1 ? 0 : recipe.models.findIndex((_, m) => m !== analysed);
  const replaced = modelIndex("series.replaces", replaces, recipe) ?? other;
  if (replaced === analysed)
    throw new TiesmithError(
      "USAGE",
      "Expected a second model for the checkpoints to stand for, but received the analysed one",
      { option: "series.replaces" },
    );
  const seen = new Set<string>();
  const all = checkpoints.flatMap((reference): PlannedCheckpoint[] => {
    const models = recipe.models.map((model, m) =>
      m === replaced ? { ...model, reference: referenceOf(reference) } : model,
    );
    const plan = planned({ ...recipe, models }, options, problems);
    if (plan === null) return [];
    const folder = resolve(plan.models[replaced]?.folder as string);
    if (seen.has(folder))
      problems.add("USAGE", `Expected different checkpoints, but received ${reference} twice`);
    seen.add(folder);
    return [{ reference, tensors: tensorsOf(plan), labels: modelLabels(plan.models) }];
  });
  return { replaced, checkpoints: all };
}
