/** The recipe that the words of a command line mean. */
import { TiesmithError } from "../errors.ts";
import type { RecipeInput } from "../index.ts";
import type { RecipeWordOptions } from "./recipe-words.ts";

const WORD_OPTIONS: readonly (keyof RecipeWordOptions)[] = [
  "base",
  "param",
  "dtype",
  "outDtype",
  "tokenizerSource",
];

/**
 * The recipe that a command line means: the path of a file, or a plain recipe.
 * @throws TiesmithError `USAGE` when the two forms are mixed
 */
export async function recipeOf(
  words: readonly string[],
  options: RecipeWordOptions,
): Promise<string | RecipeInput> {
  const { method } = options;
  if (method !== undefined) {
    // Not at the top: a merge from a file starts its threads before it loads what reads recipes.
    const { recipeFromShorthand } = await import("../index.ts");
    const { base, param, dtype, outDtype, tokenizerSource } = options;
    return recipeFromShorthand({
      method,
      base,
      models: words,
      parameters: param,
      dtype,
      outDtype,
      tokenizerSource,
    });
  }
  const stray = WORD_OPTIONS.find((name) => options[name] !== undefined);
  if (stray !== undefined) {
    const option = `--${stray.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw usage(`Expected --method beside ${option}, but found none; in a recipe file, say it there`, option);
  }
  const [recipe, second] = words;
  if (recipe === undefined || second !== undefined) {
    throw usage(
      `Expected one recipe file, but received also ${JSON.stringify(second)}; to list models, give --method`,
    );
  }
  return recipe;
}

function usage(message: string, option?: string): TiesmithError {
  return new TiesmithError("USAGE", message, option === undefined ? {} : { option });
}
