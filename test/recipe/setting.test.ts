import { describe, expect, it } from "vitest";
import type { Setting } from "../../src/recipe/recipe.ts";
import { fromObject, parse, refusals } from "./refusals.ts";

/** A TIES recipe with one model-level and one top-level `parameters` block. */
function recipe(model: object, globals: object = {}) {
  return fromObject({
    merge_method: "ties",
    base_model: "base",
    models: [{ model: "sft", parameters: { weight: 1, ...model } }],
    parameters: globals,
  });
}

const density = (value: unknown): Setting | undefined =>
  recipe({ density: value }).models[0]?.parameters.density;
const refuse = (name: string, value: unknown): readonly string[] =>
  ["density", "weight"].includes(name)
    ? refusals(() => recipe({ [name]: value }))
    : refusals(() => recipe({}, { [name]: value }));

describe("a number", () => {
  it.each([[0], [1], [0.2], [1e-9]])("may be %d", (value) => {
    expect(density(value)).toEqual([{ filter: null, value }]);
  });

  it("may be a gradient, a value by filter, or a list of those", () => {
    expect(density([0, 0.5, 1])).toEqual([{ filter: null, value: [0, 0.5, 1] }]);
    expect(density({ filter: "mlp", value: 0.5 })).toEqual([{ filter: "mlp", value: 0.5 }]);
    expect(density([{ filter: "mlp", value: [0.1, 0.2] }, { value: 0.5 }])).toEqual([
      { filter: "mlp", value: [0.1, 0.2] },
      { filter: null, value: 0.5 },
    ]);
  });

  it.each(["*", null, undefined])("matches every tensor with the filter %j", (filter) => {
    expect(density({ filter, value: 0.5 })).toEqual([{ filter: null, value: 0.5 }]);
  });

  it.each([
    [1.5, "Expected density between 0 and 1 for model sft, but received 1.5"],
    [-0.1, "Expected density between 0 and 1 for model sft, but received -0.1"],
    [Number.NaN, "Expected density as a number between 0 and 1 for model sft, but received NaN"],
    [
      Number.POSITIVE_INFINITY,
      "Expected density as a number between 0 and 1 for model sft, but received Infinity",
    ],
    [
      "0.5",
      'Expected density as a number between 0 and 1 for model sft, but received "0.5"; remove the quotes',
    ],
    ["high", 'Expected density as a number between 0 and 1 for model sft, but received "high"'],
    [true, "Expected density as a number between 0 and 1 for model sft, but received true"],
    [null, "Expected density as a number between 0 and 1 for model sft, but received nothing"],
    [1n, "Expected density as a number between 0 and 1 for model sft, but received a bigint"],
    [[], "Expected density with at least one number for model sft, but received an empty list"],
  ])("refuses %s", (value, message) => {
    expect(refuse("density", value)).toEqual([`RECIPE_INVALID: ${message} (models[0].parameters.density)`]);
  });

  it("is checked inside gradients and filters, each with its own place", () => {
    expect(refuse("density", [0.1, 2, "x", [1]])).toEqual([
      "RECIPE_INVALID: Expected density between 0 and 1 for model sft, but received 2 (models[0].parameters.density[1])",
      'RECIPE_INVALID: Expected density as a number between 0 and 1 for model sft, but received "x" (models[0].parameters.density[2])',
      "RECIPE_INVALID: Expected density as a flat list of numbers for model sft, but received a list (models[0].parameters.density[3])",
    ]);
    expect(refuse("density", [{ filter: "mlp", value: [0.5, 3] }, { value: -1 }])).toEqual([
      "RECIPE_INVALID: Expected density between 0 and 1 for model sft, but received 3 (models[0].parameters.density[0].value[1])",
      "RECIPE_INVALID: Expected density between 0 and 1 for model sft, but received -1 (models[0].parameters.density[1].value)",
    ]);
  });

  it("is unbounded where its parameter is", () => {
    expect(recipe({ weight: -1e30 }).models[0]?.parameters.weight).toEqual([{ filter: null, value: -1e30 }]);
    expect(refuse("weight", Number.NEGATIVE_INFINITY)[0]).toContain("Expected weight as a finite number");
  });
});

describe("a value by filter", () => {
  it("needs a value", () => {
    expect(refuse("density", { filter: "mlp" })).toEqual([
      "RECIPE_INVALID: Expected density as {filter, value} for model sft, but received a mapping without a value (models[0].parameters.density)",
    ]);
  });

  it("refuses other keys, filters that are no text, and plain neighbours", () => {
    expect(refuse("density", { fliter: "mlp", value: 1 })[0]).toContain(
      'received "fliter"; did you mean filter?',
    );
    expect(refuse("density", { filter: 3, value: 1 })).toEqual([
      "RECIPE_INVALID: Expected density with a filter that is text (a part of a tensor name) for model sft, but received 3 (models[0].parameters.density.filter)",
    ]);
    expect(refuse("density", [{ value: 1 }, 0.5])[0]).toContain("as {filter, value} like its neighbours");
  });

  it("is noted when nothing can reach it", () => {
    const { notes } = recipe({ density: [{ value: 1 }, { filter: "mlp", value: 0.5 }] });
    expect(notes).toEqual([
      "density for model sft: what follows a value without a filter is never used (models[0].parameters.density)",
    ]);
    expect(recipe({ density: [{ filter: "mlp", value: 0.5 }, { value: 1 }] }).notes).toEqual([]);
    expect(recipe({ density: [{ filter: "mlp", value: 0.5 }] }).notes).toEqual([]);
  });
});

describe("a boolean", () => {
  it("is true or false, also by filter", () => {
    expect(recipe({}, { normalize: false }).parameters.normalize).toEqual([{ filter: null, value: false }]);
    expect(recipe({}, { normalize: [{ filter: "mlp", value: false }] }).parameters.normalize).toEqual([
      { filter: "mlp", value: false },
    ]);
  });

  it.each([[1], ["maybe"], [null], [[true]], ["constructor"]])("refuses %j", (value) => {
    expect(refuse("normalize", value)[0]).toContain("Expected normalize as true or false, but received");
  });

  it("explains the words that YAML 1.1 takes for booleans", () => {
    expect(refuse("normalize", "yes")).toEqual([
      'RECIPE_INVALID: Expected normalize as true or false, but received "yes"; write true (parameters.normalize)',
    ]);
    expect(refuse("normalize", "Off")[0]).toContain("; write false");
  });
});

describe("a choice", () => {
  it("is one of its words", () => {
    expect(recipe({}, { zero_sign: "majority" }).parameters.zero_sign).toEqual([
      { filter: null, value: "majority" },
    ]);
    expect(refuse("zero_sign", "majorty")).toEqual([
      'RECIPE_INVALID: Expected zero_sign as plus or majority or priority, but received "majorty"; did you mean majority? (parameters.zero_sign)',
    ]);
    expect(refuse("zero_sign", true)[0]).toContain("but received true");
  });

  it("does not vary by tensor where its parameter does not", () => {
    for (const value of [{ value: "model" }, [{ value: "model" }], ["model"]]) {
      expect(refuse("scope", value)[0]).toContain(
        "Expected scope as one plain value for all tensors, but received a ",
      );
    }
  });
});

describe("an ignored parameter", () => {
  it("is noted with its line and left out", () => {
    const text =
      "merge_method: task_arithmetic\nbase_model: b\nmodels:\n- {model: a, parameters: {weight: 1}}\nparameters:\n  int8_mask: true\n";
    const { notes, parameters } = parse(text);
    expect(parameters).toEqual({});
    expect(notes).toEqual(["int8_mask has no effect on the result and is ignored (recipe.yaml:6)"]);
  });

  it("is refused where it does not belong", () => {
    expect(refusals(() => recipe({ int8_mask: true }))[0]).toContain(
      "it belongs under the top-level parameters",
    );
  });
});

it("refuses parameters that are no mapping", () => {
  expect(refusals(() => recipe({}, [{ weight: 1 }]))).toEqual([
    "RECIPE_INVALID: Expected a mapping of parameters, but received a list (parameters)",
  ]);
});
