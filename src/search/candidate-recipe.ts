/** A method's recipe at a point of its space: as text to paste, and as what a merge takes. */
import { createHash } from "node:crypto";
import { basename } from "node:path";
import { parse } from "yaml";
import { type Problem, TiesmithError } from "../errors.ts";
import type { GgufType } from "../gguf/layout.ts";
import { methods } from "../methods/registry.ts";
import { ggufRequest } from "../plan/gguf-output.ts";
import type { MergePlan } from "../plan/merge-plan.ts";
import { planMerge } from "../plan/plan-merge.ts";
import { parseRecipe, type Recipe, recipeFromObject } from "../recipe/recipe.ts";
import type { Parameters } from "./results.ts";
import { gridPoints, pointFrom, valueAt } from "./space.ts";
import type { MethodSpec } from "./spec.ts";
import { substitute } from "./variables.ts";

/** How candidates store weights unless something else is said: exact, as `evaluate` has it. */
export const CANDIDATE_TYPE = "f32";

/** The recipe's text with the values of a point. */
export function recipeText({ template }: MethodSpec, point: Parameters): string {
  return substitute(template.text, point);
}

/** SHA-256 of a recipe's text. */
export function recipeHash(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

/**
 * The recipe at a point, validated.
 * @throws {TiesmithError} `RECIPE_INVALID`, `RECIPE_UNSUPPORTED`
 */
export function recipeAt(method: MethodSpec, point: Parameters): Recipe {
  const { path, folder } = method.template;
  const text = recipeText(method, point);
  if (path !== null) return parseRecipe(text, methods, { path: basename(path), folder });
  return recipeFromObject(parse(text), methods, { path: null, folder });
}

/**
 * Tries every value of every variable, the others at their first, so that a value that no recipe takes is refused
 * before anything is merged; and plans each merge that has other models.
 * @returns the first plan of the method, from which sizes and inputs are known; null with problems
 */
export function checkCandidates(
  method: MethodSpec,
  type: GgufType | undefined,
  problems: Problem[],
): MergePlan | null {
  let first: MergePlan | null = null;
  const planned = new Set<string>();
  for (const { point, told } of probes(method)) {
    try {
      const recipe = recipeAt(method, point);
      const models = JSON.stringify([recipe.baseModel, recipe.models.map(({ reference }) => reference)]);
      if (planned.has(models)) continue;
      planned.add(models);
      const result = planMerge(recipe, {
        gguf: ggufRequest({ out: method.name, type: type ?? CANDIDATE_TYPE }),
      });
      // Models are shared: what is wrong with one is not the method's.
      problems.push(...result.problems.map((problem) => labelled(problem, told)));
      first ??= result.plan;
    } catch (error) {
      if (!(error instanceof TiesmithError)) throw error;
      const found = (error.details.problems as Problem[] | undefined) ?? [error.toProblem()];
      const where = method.template.path === null ? `recipe of ${method.name}` : "";
      problems.push(...found.map((problem) => labelled(problem, where, told)));
      // What is wrong without a variable is wrong at every point.
      if (told === "") return null;
    }
  }
  return first;
}

function labelled(problem: Problem, ...places: readonly string[]): Problem {
  const told = places.filter((place) => place !== "").join(", ");
  return told === "" ? problem : { ...problem, message: `${problem.message} (${told})` };
}

/** The first point, then one for each other value of a variable, or for both ends of a range. */
function* probes(method: MethodSpec): Generator<{ point: Parameters; told: string }> {
  const { variables } = method;
  const start = pointFrom(method, (variable) => valueAt(variable, 0));
  const origin = variables.every(({ values }) => values !== null)
    ? (gridPoints(method, 1)[0] ?? start)
    : start;
  yield { point: origin, told: "" };
  for (const variable of variables) {
    const others = variable.values ?? [valueAt(variable, 0), valueAt(variable, 1)];
    const otherwise = variable.when === null ? [] : [variable.when.otherwise];
    for (const value of [...others, ...otherwise]) {
      if (value === origin[variable.name]) continue;
      yield { point: { ...origin, [variable.name]: value }, told: `${variable.name} = ${value}` };
    }
  }
}
