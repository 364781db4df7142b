/** What a refused recipe is expected to say, in the shape that tests compare. */

import { type Problem, TiesmithError } from "../../src/errors.ts";
import { parseRecipe, type Recipe, type RecipeInput, recipeFromObject } from "../../src/recipe/recipe.ts";
import { METHODS } from "./schemas.ts";

/** A recipe text parsed as `recipe.yaml`. */
export function parse(text: string): Recipe {
  return parseRecipe(text, METHODS, { path: "some/folder/recipe.yaml", folder: null });
}

/** A plain value parsed as a recipe, whatever it is. */
export function fromObject(input: unknown): Recipe {
  return recipeFromObject(input as RecipeInput, METHODS);
}

/** The problems that an action is refused with. */
export function problemsOf(action: () => unknown): readonly Problem[] {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TiesmithError)) throw error;
    return (error.details.problems as Problem[] | undefined) ?? [error.toProblem()];
  }
  throw new Error("Expected a refusal, but the recipe was accepted");
}

/** Each problem as `CODE: message`. */
export function refusals(action: () => unknown): readonly string[] {
  return problemsOf(action).map(({ code, message }) => `${code}: ${message}`);
}

/** The problems of a recipe text, as `CODE: message`. */
export function refusalsOf(text: string): readonly string[] {
  return refusals(() => parse(text));
}
