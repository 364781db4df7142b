import { describe, expect, it } from "vitest";
import { fromObject, parse, problemsOf, refusals, refusalsOf } from "./refusals.ts";

const TIES = `merge_method: ties
base_model: base
models:
- model: ct
  parameters:
    weight: 1.0
    density: 1.0
- model: org/sft@v2
  parameters:
    weight: 1
    density: 0.2
parameters:
  normalize: true
  lambda: 1.5
dtype: float32
out_dtype: torch.bfloat16
tokenizer_source: base
`;

const ties = (change: (recipe: ReturnType<typeof plainTies>) => void) => {
  const recipe = plainTies();
  change(recipe);
  return recipe;
};

// biome-ignore lint/suspicious/noExplicitAny: tests write what no typed caller could
function plainTies(): any {
  return {
    merge_method: "ties",
    base_model: "base",
    models: [
      { model: "ct", parameters: { weight: 1 } },
      { model: "sft", parameters: { weight: 1, density: 0.2 } },
    ],
  };
}

describe("a whole recipe", () => {
  it("reads every key", () => {
    expect(parse(TIES)).toEqual({
      mergeMethod: "ties",
      baseModel: { location: "base", revision: null },
      models: [
        {
          reference: { location: "ct", revision: null },
          parameters: { weight: [{ filter: null, value: 1 }], density: [{ filter: null, value: 1 }] },
        },
        {
          reference: { location: "org/sft", revision: "v2" },
          parameters: { weight: [{ filter: null, value: 1 }], density: [{ filter: null, value: 0.2 }] },
        },
      ],
      parameters: { normalize: [{ filter: null, value: true }], lambda: [{ filter: null, value: 1.5 }] },
      dtype: "F32",
      outDtype: "BF16",
      tokenizerSource: "base",
      priorityIndex: null,
      notes: [],
      origin: { path: "some/folder/recipe.yaml", folder: null },
    });
  });

  it("reads the same from an object", () => {
    const { origin: _, ...recipe } = fromObject(plainTies());
    expect(recipe.models.map((m) => m.reference.location)).toEqual(["ct", "sft"]);
    expect(recipe.models[1]?.parameters.density).toEqual([{ filter: null, value: 0.2 }]);
    expect([recipe.dtype, recipe.outDtype, recipe.tokenizerSource]).toEqual([null, null, null]);
  });

  it("takes null and undefined for optional keys as absent", () => {
    const recipe = fromObject(
      ties((r) => Object.assign(r, { dtype: null, parameters: undefined, slices: null })),
    );
    expect(recipe.dtype).toBeNull();
  });

  it("takes a tokenizer source that is a model", () => {
    expect(fromObject(ties((r) => Object.assign(r, { tokenizer_source: "a/b@c" }))).tokenizerSource).toEqual({
      location: "a/b",
      revision: "c",
    });
  });

  it("tells all problems at once, in line order", () => {
    const text = TIES.replace("density: 1.0", "density: 1.5")
      .replace("normalize: true", "normalise: true")
      .replace("dtype: float32", "dtype: float64")
      .replace("base_model: base\n", "");
    expect(refusalsOf(text)).toEqual([
      "RECIPE_INVALID: Expected base_model for ties, the ancestor of all models, but found none (recipe.yaml:1)",
      "RECIPE_INVALID: Expected density between 0 and 1 for model ct, but received 1.5 (recipe.yaml:6)",
      'RECIPE_INVALID: Expected a known parameter of ties, but received "normalise"; did you mean normalize? (recipe.yaml:12)',
      'RECIPE_INVALID: Expected dtype as one of float32, float16, bfloat16, but received "float64" (recipe.yaml:14)',
    ]);
  });

  it("gives key and line of each problem as data", () => {
    const text = TIES.replace("density: 0.2", "density: 2");
    expect(problemsOf(() => parse(text))).toMatchObject([
      { details: { key: "models[1].parameters.density", line: 11 } },
    ]);
  });

  it("tells the key path for objects", () => {
    const input = ties((r) => {
      r.models[1].parameters.density = 1.5;
    });
    expect(refusals(() => fromObject(input))).toEqual([
      "RECIPE_INVALID: Expected density between 0 and 1 for model sft, but received 1.5 (models[1].parameters.density)",
    ]);
  });

  it("stops telling after a hundred problems", () => {
    const models = Array.from({ length: 150 }, () => ({ model: "m", parameters: { weight: "x" } }));
    const problems = problemsOf(() => fromObject({ ...plainTies(), models }));
    expect(problems).toHaveLength(101);
    expect(problems.at(-1)?.message).toBe("and 50 more");
  });
});

describe("what is not a recipe", () => {
  it.each([
    ["a number", 3, "3"],
    ["nothing", null, "nothing"],
    ["undefined", undefined, "nothing"],
    ["a list", [], "an empty list"],
    ["a text", "ties", '"ties"'],
    ["a date", new Date(0), "an object"],
    ["a function", () => 0, "a function"],
  ])("refuses %s", (_name, input, found) => {
    expect(refusals(() => fromObject(input))).toEqual([
      `RECIPE_INVALID: Expected a recipe, a mapping with merge_method and models, but received ${found} (recipe)`,
    ]);
  });

  it("refuses circular objects, endlessly shared ones, and arrays of endless holes", () => {
    const circular: Record<string, unknown> = { merge_method: "ties" };
    circular.models = circular;
    let shared: unknown = [1];
    for (let i = 0; i < 30; i++) shared = [shared, shared];
    const holes = { models: new Array(2 ** 32 - 1) };
    for (const input of [circular, { models: shared }, holes]) {
      expect(refusals(() => fromObject(input))[0]).toMatch(
        /^RECIPE_INVALID: Expected a recipe nested at most 32/,
      );
    }
  });
});

describe("merge_method", () => {
  const withMethod = (method: unknown) =>
    refusals(() => fromObject({ ...plainTies(), merge_method: method }));

  it("gives the nearest known one", () => {
    expect(withMethod("tie_sv")).toEqual([
      'RECIPE_INVALID: Expected a known merge_method, but received "tie_sv"; did you mean ties_sv? (merge_method)',
    ]);
    expect(withMethod("Task-Arithmetic")[0]).toContain("did you mean task_arithmetic?");
    expect(withMethod("qwertyuiop")[0]).toContain("known are linear, task_arithmetic, ties, ties_sv");
  });

  it.each(["slerp", "dare_ties", "dare-ties", "model_stock", "passthrough", "breadcrumbs", "core_space"])(
    "says that %s of mergekit is not supported yet",
    (method) => {
      const name = method.replace("-", "_");
      expect(withMethod(method)).toEqual([
        `RECIPE_UNSUPPORTED: merge_method ${name} of mergekit is not supported yet; known are linear, task_arithmetic, ties, ties_sv (merge_method)`,
      ]);
    },
  );

  it.each([[7], [null], [["ties"]], [{}]])("refuses %j", (method) => {
    expect(withMethod(method)[0]).toMatch(/Expected merge_method as one of linear, .*, but received /);
  });

  it("is required", () => {
    expect(refusalsOf("models: [{model: a}]")).toEqual([
      "RECIPE_INVALID: Expected merge_method as one of linear, task_arithmetic, ties, ties_sv, but found none (recipe.yaml:1)",
    ]);
  });
});

describe("keys", () => {
  it.each([
    ["slices", [{ sources: [] }]],
    ["modules", {}],
    ["tokenizer", { source: "union" }],
    ["chat_template", "auto"],
    ["name", "stage-1"],
  ])("says that %s of mergekit is not supported yet", (key, value) => {
    const [refusal, ...others] = refusals(() => fromObject({ ...plainTies(), [key]: value }));
    expect(refusal).toMatch(
      new RegExp(`^RECIPE_UNSUPPORTED: ${key} of mergekit is not supported yet: .* \\(${key}\\)$`),
    );
    expect(others).toEqual([]);
  });

  it("does not ask for models beside slices", () => {
    const text = "merge_method: linear\nslices:\n- sources: []\n";
    expect(refusalsOf(text)).toEqual([
      "RECIPE_UNSUPPORTED: slices of mergekit is not supported yet: list whole models under models (recipe.yaml:2)",
    ]);
  });

  it("gives the nearest known key, with its line", () => {
    expect(refusalsOf(TIES.replace("base_model", "base_modle"))).toContain(
      'RECIPE_INVALID: Expected a known recipe key, but received "base_modle"; did you mean base_model? (recipe.yaml:2)',
    );
    expect(refusalsOf(TIES.replace("  parameters:\n", "  params:\n"))).toContain(
      'RECIPE_INVALID: Expected a known key of a model, but received "params"; known are model, parameters (recipe.yaml:5)',
    );
  });

  it("keeps hostile keys on one short line", () => {
    const key = `a\n"${"b".repeat(5000)}`;
    const [refusal = ""] = refusals(() => fromObject({ ...plainTies(), [key]: 1 }));
    expect(refusal).not.toContain("\n");
    expect(refusal.length).toBeLessThan(400);
    expect(
      refusals(() => fromObject(JSON.parse('{"merge_method":"linear","__proto__":1,"models":[]}')))[0],
    ).toContain('"__proto__"');
  });

  it("tells where a misplaced parameter belongs", () => {
    const text = `merge_method: ties
base_model: base
normalize: true
density: 0.5
models:
- model: ct
  density: 0.4
  lambda: 2
  parameters: {weight: 1, lambda: 1.5, dtype: float32}
parameters: {base_model: x}
`;
    const home = "under the top-level parameters";
    expect(refusalsOf(text)).toEqual([
      `RECIPE_INVALID: Expected a known recipe key, but received "normalize"; it belongs ${home} (recipe.yaml:3)`,
      'RECIPE_INVALID: Expected a known recipe key, but received "density"; it belongs under the parameters of a model (or the top-level parameters, for all models) (recipe.yaml:4)',
      'RECIPE_INVALID: Expected a known key of a model, but received "density"; it belongs under this model\'s parameters (recipe.yaml:7)',
      `RECIPE_INVALID: Expected a known key of a model, but received "lambda"; it belongs ${home} (recipe.yaml:8)`,
      `RECIPE_INVALID: Expected a known parameter of ties for model ct, but received "lambda"; it belongs ${home} (recipe.yaml:9)`,
      'RECIPE_INVALID: Expected a known parameter of ties for model ct, but received "dtype"; it belongs at the top of the recipe (recipe.yaml:9)',
      'RECIPE_INVALID: Expected a known parameter of ties, but received "base_model"; it belongs at the top of the recipe (recipe.yaml:10)',
    ]);
  });

  it("tells where misplaced recipe keys and slice keys belong", () => {
    const text = `merge_method: linear
model: a
models:
- model: a
  dtype: float16
  layer_range: [0, 2]
  parameters: {weight: 1}
`;
    expect(refusalsOf(text)).toEqual([
      'RECIPE_INVALID: Expected a known recipe key, but received "model"; it belongs in an entry of models (recipe.yaml:2)',
      'RECIPE_INVALID: Expected a known key of a model, but received "dtype"; it belongs at the top of the recipe (recipe.yaml:5)',
      "RECIPE_UNSUPPORTED: layer_range of mergekit is not supported yet: whole models are merged (recipe.yaml:6)",
    ]);
  });

  it("says so when a parameter is another method's", () => {
    const input = {
      merge_method: "linear",
      models: [{ model: "a", parameters: { weight: 1, density: 0.5 } }],
    };
    expect(refusals(() => fromObject(input))).toEqual([
      "RECIPE_INVALID: Expected a parameter of linear, but received density, which it does not have; known are weight (models[0].parameters.density)",
    ]);
  });
});

describe("models", () => {
  it.each([
    ["none", undefined, "Expected a list of models, but found none (models)"],
    ["null", null, "Expected models as a list with at least one model, but received nothing (models)"],
    [
      "an empty list",
      [],
      "Expected models as a list with at least one model, but received an empty list (models)",
    ],
    [
      "a mapping",
      { a: 1 },
      "Expected models as a list with at least one model, but received a mapping (models)",
    ],
    [
      "texts",
      ["ct"],
      'Expected a model as a mapping with the key model, but received "ct"; write {model: "ct"} (models[0])',
    ],
    [
      "a null entry",
      [null],
      "Expected a model as a mapping with the key model, but received nothing (models[0])",
    ],
    ["an entry without model", [{}], "Expected a model with the key model, but found none (models[0])"],
  ])("refuses %s", (_name, models, message) => {
    expect(refusals(() => fromObject({ ...plainTies(), models }))).toEqual([`RECIPE_INVALID: ${message}`]);
  });

  it("drops a base that is listed again, with a note, and asks it for no weight", () => {
    const recipe = parse(TIES.replace("models:\n", "models:\n- model: ./base/\n"));
    expect(recipe.models.map((m) => m.reference.location)).toEqual(["ct", "org/sft"]);
    expect(recipe.notes).toEqual([
      "./base/ is base_model; listed again it adds nothing and is left out (recipe.yaml:4)",
    ]);
  });

  it("keeps a listed base that has another revision", () => {
    const recipe = fromObject(ties((r) => r.models.push({ model: "base@old", parameters: { weight: 1 } })));
    expect(recipe.models).toHaveLength(3);
  });

  it("keeps the base among the models of linear, and says that base_model takes no part", () => {
    const recipe = fromObject({
      merge_method: "linear",
      base_model: "a",
      models: [{ model: "a", parameters: { weight: 1 } }],
    });
    expect(recipe.models).toHaveLength(1);
    expect(recipe.baseModel?.location).toBe("a");
    expect(recipe.notes).toEqual(["base_model takes no part in the arithmetic of linear (base_model)"]);
  });

  it("counts the models without the base", () => {
    const input = ties((r) => {
      r.models = [{ model: "base" }];
    });
    expect(refusals(() => fromObject(input))).toEqual([
      "RECIPE_INVALID: Expected at least 1 model beside the base for ties, but found 0 (models)",
    ]);
  });

  it("may list a model twice", () => {
    expect(fromObject(ties((r) => r.models.push(r.models[0]))).models).toHaveLength(3);
  });
});

describe("required parameters", () => {
  it("names model and key where one is missing", () => {
    expect(refusalsOf(TIES.replace("    weight: 1.0\n", ""))).toEqual([
      "RECIPE_INVALID: Expected weight for model ct, but found none; set it under the model's parameters (recipe.yaml:4)",
    ]);
  });

  it("may be set at the top for all models", () => {
    const recipe = parse(
      TIES.replace("    weight: 1.0\n", "").replace(
        "parameters:\n  norm",
        "parameters:\n  weight: 2\n  norm",
      ),
    );
    expect(recipe.parameters.weight).toEqual([{ filter: null, value: 2 }]);
  });

  it("are not reported missing when their value is refused", () => {
    const input = ties((r) => {
      r.models[0].parameters.weight = null;
    });
    expect(refusals(() => fromObject(input))).toEqual([
      "RECIPE_INVALID: Expected weight as a finite number for model ct, but received nothing (models[0].parameters.weight)",
    ]);
  });

  it("are not reported missing when they stand in the wrong place", () => {
    const input = ties((r) => {
      r.models = [{ model: "ct", weight: 1 }, { model: "sft" }];
    });
    expect(refusals(() => fromObject(input))).toEqual([
      'RECIPE_INVALID: Expected a known key of a model, but received "weight"; it belongs under this model\'s parameters (models[0].weight)',
      "RECIPE_INVALID: Expected weight for model sft, but found none; set it under the model's parameters (models[1].parameters.weight)",
    ]);
  });

  it("are accepted where only filters set them, since no tensor is known here", () => {
    const input = ties((r) => {
      r.models[0].parameters.weight = [{ filter: "mlp", value: 1 }];
    });
    expect(fromObject(input).models[0]?.parameters.weight).toEqual([{ filter: "mlp", value: 1 }]);
  });

  it("are asked for globally too", () => {
    const input = ties((r) => {
      r.merge_method = "ties_sv";
    });
    expect(refusals(() => fromObject(input))).toEqual([
      "RECIPE_INVALID: Expected priority under the top-level parameters for ties_sv, but found none (parameters.priority)",
    ]);
  });
});

describe("priority", () => {
  const withPriority = (priority: unknown, extra: unknown[] = []) =>
    ties((r) => {
      r.merge_method = "ties_sv";
      r.models.push(...extra);
      r.parameters = { priority };
    });

  it("is the index of the model it names, after a listed base is dropped", () => {
    expect(fromObject(withPriority("sft")).priorityIndex).toBe(1);
    expect(fromObject(withPriority({ path: "./ct" })).priorityIndex).toBe(0);
    const input = withPriority("sft");
    input.models.unshift({ model: "base" });
    expect(fromObject(input).priorityIndex).toBe(1);
  });

  it("must be one of models, once", () => {
    expect(refusals(() => fromObject(withPriority("base")))).toEqual([
      'RECIPE_INVALID: Expected priority as one of models (ct, sft), but received "base", which is none of them (parameters.priority)',
    ]);
    const twice = [{ model: "sft", parameters: { weight: 1 } }];
    expect(refusals(() => fromObject(withPriority("sft", twice)))[0]).toContain("listed more than once");
  });

  it.each([[3], [null], [["sft"]], [""]])("refuses %j", (priority) => {
    expect(refusals(() => fromObject(withPriority(priority)))).toHaveLength(1);
  });
});

describe("dtypes and tokenizer", () => {
  it.each(["int64", "float64", "float8_e4m3fn", "bf16", "torch.int64", "", 16, ["float32"]])(
    "refuses dtype %j",
    (dtype) => {
      for (const key of ["dtype", "out_dtype"]) {
        const [refusal, ...others] = refusals(() => fromObject({ ...plainTies(), [key]: dtype }));
        expect(refusal).toContain(
          `RECIPE_INVALID: Expected ${key} as one of float32, float16, bfloat16, but received `,
        );
        expect(others).toEqual([]);
      }
    },
  );

  it("says that a union tokenizer is not supported yet", () => {
    expect(refusals(() => fromObject({ ...plainTies(), tokenizer_source: "union" }))[0]).toMatch(
      /^RECIPE_UNSUPPORTED: tokenizer_source: union of mergekit is not supported yet; /,
    );
  });

  it("refuses a tokenizer source that is no model", () => {
    expect(refusals(() => fromObject({ ...plainTies(), tokenizer_source: 7 }))).toHaveLength(1);
  });
});
