/** The merges of the demonstration: each method's winner, the paper's densities, and two languages. */
import { join } from "node:path";
import { parse } from "yaml";
import { merge } from "../execute/merge.ts";
import type { RecipeInput, RecipeModelInput } from "../recipe/recipe.ts";
import type { SearchResults } from "../search/results.ts";
import type { SmallExperiment } from "./small-experiment.ts";

export interface NamedRecipe {
  readonly name: string;
  readonly recipe: RecipeInput;
}

/** Densities that the paper found best (section 6.1), and its slack. */
const PAPER = { ct: 1, sft: 0.2, slack: 0.04 };

/** In the order in which tables show them. */
export function recipesOf(search: SearchResults, experiment: SmallExperiment): NamedRecipe[] {
  const winners = search.winners.map(({ method, recipe }) => {
    return { name: method, recipe: parse(recipe) as RecipeInput };
  });
  const ties = winners.find(({ name }) => name === "TIES")?.recipe as RecipeInput;
  const [ct, sft] = ties.models as [RecipeModelInput, RecipeModelInput];
  const y = { ...ct, model: experiment.model("ct-y") };
  return [
    ...winners,
    ...atPaperDensities(ties, search),
    { name: "TIES-Y", recipe: { ...ties, models: [y, sft] } },
    { name: "TIES-X-Y", recipe: { ...ties, models: [ct, y, sft] } },
  ];
}

/** With the λ that was best there on the dev rows. */
function atPaperDensities(ties: RecipeInput, { trials }: SearchResults): NamedRecipe[] {
  const tried = trials.filter(
    ({ method, parameters }) =>
      method === "TIES" && parameters.k_ct === PAPER.ct && parameters.k_sft === PAPER.sft,
  );
  const best = [...tried].sort((a, b) => (b.objective ?? 0) - (a.objective ?? 0))[0];
  const [ct, sft] = ties.models as [RecipeModelInput, RecipeModelInput];
  const dense = (model: RecipeModelInput, density: number) => {
    return { ...model, parameters: { ...model.parameters, density } };
  };
  const parameters = { ...ties.parameters, lambda: best?.parameters.lambda ?? 1 };
  const recipe = { ...ties, models: [dense(ct, PAPER.ct), dense(sft, PAPER.sft)], parameters };
  const slack = { ...parameters, priority: sft.model, slack: PAPER.slack };
  return [
    { name: "TIES-paper", recipe },
    { name: "TIES-SV-paper", recipe: { ...recipe, merge_method: "ties_sv", parameters: slack } },
  ];
}

/** Merges all of them into folders of their names. @returns where each lies */
export async function mergeAll(
  recipes: readonly NamedRecipe[],
  folder: string,
  options: { readonly threads?: number | undefined; readonly signal?: AbortSignal | undefined },
): Promise<Map<string, string>> {
  const models = new Map<string, string>();
  for (const { name, recipe } of recipes) {
    const out = join(folder, name);
    await merge(recipe, { out, overwrite: true, restart: true, ...options });
    models.set(name, out);
  }
  return models;
}
