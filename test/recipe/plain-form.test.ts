import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { recipeToPlain } from "../../src/recipe/recipe.ts";
import { plainRecipes } from "./recipe-arbitraries.ts";
import { fromObject, parse } from "./refusals.ts";

describe("recipeToPlain", () => {
  it("spells a recipe as mergekit does, in one order", () => {
    const recipe = fromObject({
      out_dtype: "torch.bfloat16",
      tokenizer_source: "base",
      parameters: { slack: 0.1, priority: "./sft/", normalize: [{ value: true }], int8_mask: true },
      models: [
        { model: "base" },
        { parameters: { weight: [1, 2], density: [{ value: 1, filter: "*" }] }, model: "ct" },
        { model: "sft@v1", parameters: { weight: { filter: "mlp", value: 1 } } },
        { model: "sft", parameters: { weight: 1 } },
      ],
      base_model: { path: "base" },
      merge_method: "ties_sv",
    });
    expect(JSON.stringify(recipeToPlain(recipe))).toBe(
      JSON.stringify({
        merge_method: "ties_sv",
        base_model: "base",
        models: [
          { model: "ct", parameters: { density: 1, weight: [1, 2] } },
          { model: "sft@v1", parameters: { weight: [{ filter: "mlp", value: 1 }] } },
          { model: "sft", parameters: { weight: 1 } },
        ],
        parameters: { normalize: true, priority: "sft", slack: 0.1 },
        out_dtype: "bfloat16",
        tokenizer_source: "base",
      }),
    );
  });

  it("keeps references whose text would be read otherwise", () => {
    const recipe = fromObject({
      merge_method: "ties_sv",
      base_model: { path: "a@b", revision: "c" },
      models: [
        { model: { path: "c++/d" }, parameters: { weight: 1 } },
        { model: "e", parameters: { weight: 1 } },
      ],
      parameters: { priority: { path: "c++/d" } },
      tokenizer_source: { path: "base" },
    });
    expect(recipeToPlain(recipe)).toMatchObject({
      base_model: { path: "a@b", revision: "c" },
      models: [{ model: { path: "c++/d" } }, { model: "e" }],
      parameters: { priority: { path: "c++/d" } },
      tokenizer_source: { path: "base" },
    });
    expect(fromObject(recipeToPlain(recipe))).toEqual(recipe);
  });

  it("gives the same recipe again, as object and as YAML", () => {
    fc.assert(
      fc.property(plainRecipes(), (input) => {
        const recipe = fromObject(input);
        const again = recipeToPlain(recipe);
        expect({ ...fromObject(again), notes: [] }).toEqual({ ...recipe, notes: [] });
        expect({ ...parse(stringify(again)), notes: [], origin: null }).toEqual({
          ...recipe,
          notes: [],
          origin: null,
        });
        expect(JSON.stringify(recipeToPlain(fromObject(again)))).toBe(JSON.stringify(again));
      }),
    );
  });
});
