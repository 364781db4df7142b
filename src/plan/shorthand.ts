/** Recipes in a line of shorthand, for the methods that tiesmith has. */
import { methods } from "../methods/registry.ts";
import { recipeFromShorthand as expand, type RecipeInput, type Shorthand } from "../recipe/recipe.ts";

/**
 * Expands `CT:density=1 SFT:density=0.2` with a method and a base into the recipe that it stands for.
 * @throws {TiesmithError} `RECIPE_INVALID` for malformed shorthand; values are checked when the recipe is used
 */
export function recipeFromShorthand(shorthand: Shorthand): RecipeInput {
  return expand(shorthand, methods);
}
