import { describe, expect, it } from "vitest";
import { recipeFromObject, recipeFromShorthand, type Shorthand } from "../../src/recipe/recipe.ts";
import { refusals } from "./refusals.ts";
import { METHODS, type TIES } from "./schemas.ts";

const plain = (shorthand: Partial<Shorthand>) =>
  recipeFromShorthand({ method: "ties", base: "BASE", models: [], ...shorthand }, METHODS);

describe("a shorthand recipe", () => {
  it("means what the same YAML means", () => {
    const input = plain({
      models: ["CT:density=1", "org/sft@v2:density=0.2,weight=2"],
      parameters: ["lambda=1.5", "normalize=false", "zero_sign=majority"],
      dtype: "float32",
      outDtype: "bfloat16",
      tokenizerSource: "base",
    });
    expect(input).toEqual({
      merge_method: "ties",
      base_model: "BASE",
      models: [
        { model: "CT", parameters: { density: 1 } },
        { model: "org/sft@v2", parameters: { density: 0.2, weight: 2 } },
      ],
      parameters: { weight: 1, lambda: 1.5, normalize: false, zero_sign: "majority" },
      dtype: "float32",
      out_dtype: "bfloat16",
      tokenizer_source: "base",
    });
    expect(recipeFromObject(input, METHODS).models).toHaveLength(2);
  });

  it("leaves out what is not said", () => {
    expect(recipeFromShorthand({ method: "linear", base: null, models: ["a", "b"] }, METHODS)).toEqual({
      merge_method: "linear",
      models: [{ model: "a" }, { model: "b" }],
      parameters: { weight: 1 },
    });
  });

  it("adds no weight where every model has its own, one is given for all, or the method has none", () => {
    expect(plain({ models: ["a:weight=0.3", "b:weight=0.7"] }).parameters).toBeUndefined();
    expect(plain({ models: ["a", "b"], parameters: ["weight=0.5"] }).parameters).toEqual({ weight: 0.5 });
    const weightless: typeof TIES = { name: "stock", base: "required", minModels: 1, parameters: [] };
    expect(recipeFromShorthand({ method: "stock", models: ["a"] }, [weightless]).parameters).toBeUndefined();
  });

  it("keeps texts that look like numbers where text is asked for", () => {
    const input = recipeFromShorthand(
      { method: "ties_sv", base: "0", models: ["1", "2"], parameters: ["priority=2"] },
      METHODS,
    );
    expect(recipeFromObject(input, METHODS).priorityIndex).toBe(1);
  });

  it("splits at the last colon, but leaves a path's colon alone", () => {
    expect(plain({ models: ["a:b/c"] }).models).toEqual([{ model: "a:b/c" }]);
    expect(plain({ models: ["a:b/c:weight=1"] }).models).toEqual([
      { model: "a:b/c", parameters: { weight: 1 } },
    ]);
  });

  it.each([
    [{ models: ["a:"] }, 'Expected KEY=VALUE for model "a:", but received ""'],
    [{ models: ["a:density"] }, 'Expected KEY=VALUE for model "a:density", but received "density"'],
    [{ models: ["a:density="] }, 'Expected KEY=VALUE for model "a:density=", but received "density="'],
    [{ models: ["a:=1"] }, 'Expected KEY=VALUE for model "a:=1", but received "=1"'],
    [{ models: ["a:density=1,"] }, 'Expected KEY=VALUE for model "a:density=1,", but received ""'],
    [
      { models: ["a:weight=1,weight=2"] },
      'Expected "weight" once for model "a:weight=1,weight=2", but received it again',
    ],
    [{ models: [":weight=1"] }, 'Expected MODEL:KEY=VALUE,..., but received ":weight=1" without a model'],
    [{ parameters: ["lambda"] }, 'Expected KEY=VALUE for a parameter, but received "lambda"'],
  ])("refuses %j", (shorthand, message) => {
    expect(refusals(() => plain(shorthand))).toEqual([`USAGE: ${message}`]);
  });

  it("is validated as any recipe", () => {
    const validate = (shorthand: Partial<Shorthand>) =>
      refusals(() => recipeFromObject(plain(shorthand), METHODS));
    expect(validate({ models: ["a:density=1.5"] })).toEqual([
      "RECIPE_INVALID: Expected density between 0 and 1 for model a, but received 1.5 (models[0].parameters.density)",
    ]);
    expect(validate({ models: ["a:densty=1"] })[0]).toContain("did you mean density?");
    expect(validate({ models: ["a"], parameters: ["__proto__=1"] })[0]).toContain('"__proto__"');
    expect(validate({ models: ["a"], parameters: ["lambda=big"] })[0]).toContain(
      "Expected lambda as a finite number",
    );
    expect(validate({ models: ["a:weight=0x10"] })[0]).toContain('received "0x10"');
    expect(validate({ method: "tiez", models: ["a"] })[0]).toContain("did you mean ties?");
    expect(validate({ base: undefined, models: ["a"] })[0]).toContain("Expected base_model for ties");
    expect(validate({ models: [] })[0]).toContain("Expected models as a list with at least one model");
  });
});
