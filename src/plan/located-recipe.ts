/** A recipe that means the same wherever it is read. */
import { methods } from "../methods/registry.ts";
import { type ModelReference, type Recipe, type RecipeInput, recipeToPlain } from "../recipe/recipe.ts";
import { locateReference } from "./read-inputs.ts";

/**
 * The recipe as an object, its models by their absolute folders: of an object, relative paths would be looked up
 * elsewhere than those of a file.
 * @throws {TiesmithError} `MODEL_NOT_FOUND`, `NO_PERMISSION`
 */
export function locatedRecipe(recipe: Recipe): RecipeInput {
  const at = (reference: ModelReference): ModelReference => ({
    location: locateReference(reference, recipe),
    revision: null,
  });
  // A base that takes no part in the arithmetic need not be there.
  const usesBase = methods.find(({ name }) => name === recipe.mergeMethod)?.base === "required";
  const { baseModel, tokenizerSource } = recipe;
  return recipeToPlain({
    ...recipe,
    baseModel: baseModel === null || !usesBase ? null : at(baseModel),
    models: recipe.models.map((model) => ({ ...model, reference: at(model.reference) })),
    tokenizerSource:
      tokenizerSource === null || tokenizerSource === "base" ? tokenizerSource : at(tokenizerSource),
  });
}
