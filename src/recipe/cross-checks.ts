/** Rules that hold between parts of a recipe: enough models, required parameters, the priority model. */

import { joinPath, type ParseContext } from "./context.ts";
import type { Place } from "./problem-list.ts";
import type { ModelReference, RecipeModel, Settings } from "./recipe.ts";
import { describeReference, sameReference } from "./reference.ts";
import { quote } from "./source.ts";

/** A listed model with its place, for messages. */
export interface PlacedModel extends RecipeModel {
  readonly place: Place;
}

/**
 * The models that are merged: a base that is listed again adds a zero task vector, which mergekit
 * drops too, so its weight must not be asked for nor counted.
 */
export function dropListedBase(
  context: ParseContext,
  base: ModelReference | null,
  listed: readonly PlacedModel[] | null,
): readonly PlacedModel[] {
  const models = listed ?? [];
  if (base === null || context.method?.base !== "required") return models;
  return models.filter(({ reference, place }) => {
    if (!sameReference(reference, base)) return true;
    const where = context.problems.locate(place);
    context.notes.push(
      `${describeReference(reference)} is base_model; listed again it adds nothing and is left out (${where})`,
    );
    return false;
  });
}

/** Adds a problem for too few models, and for each required parameter that no level sets. */
export function checkRequired(
  context: ParseContext,
  models: readonly PlacedModel[],
  globals: Settings,
  root: Place,
): void {
  const { method, problems, misplaced } = context;
  if (method === null) return;
  if (models.length < method.minModels) {
    const noun = method.minModels === 1 ? "model" : "models";
    const kind = method.base === "required" ? `${noun} beside the base` : noun;
    const message = `Expected at least ${method.minModels} ${kind} for ${method.name}, but found ${models.length}`;
    problems.invalid(message, { ...root, path: "models" });
  }
  for (const spec of method.parameters) {
    if (!spec.required || Object.hasOwn(globals, spec.name) || misplaced.has(spec.name)) continue;
    if (spec.level === "global") {
      const message = `Expected ${spec.name} under the top-level parameters for ${method.name}, but found none`;
      problems.invalid(message, { ...root, path: joinPath("parameters", spec.name) });
      continue;
    }
    for (const { reference, parameters, place } of models) {
      if (Object.hasOwn(parameters, spec.name) || misplaced.has(joinPath(place.path, spec.name))) continue;
      const message = `Expected ${spec.name} for model ${describeReference(reference)}, but found none; set it under the model's parameters`;
      problems.invalid(message, { ...place, path: joinPath(joinPath(place.path, "parameters"), spec.name) });
    }
  }
}

/** The index of the model that `priority` names; null when none is named, or after adding a problem. */
export function checkPriority(context: ParseContext, models: readonly PlacedModel[]): number | null {
  const [named] = context.modelParameters;
  if (named === undefined) return null;
  const indexes = models.flatMap(({ reference }, i) =>
    sameReference(reference, named.reference) ? [i] : [],
  );
  const [index, second] = indexes;
  if (index !== undefined && second === undefined) return index;
  const names = models.map(({ reference }) => describeReference(reference)).join(", ");
  const received = quote(describeReference(named.reference));
  const fault = index === undefined ? "which is none of them" : "which is listed more than once";
  const message = `Expected ${named.spec.name} as one of models (${names}), but received ${received}, ${fault}`;
  context.problems.invalid(message, named.place);
  return null;
}
