// biome-ignore-all lint/suspicious/noTemplateCurlyInString: what recipes hold
/** Every way in which a spec can be wrong gets one clear message, at its line. */
import { describe, expect, it } from "vitest";
import { readSpec } from "../../src/search/read-spec.ts";
import { writeSpec } from "./search-builder.ts";

const RECIPE = `merge_method: linear
models:
  - { model: a, parameters: { weight: \${w} } }
  - { model: b, parameters: { weight: 1 } }
`;

/** A spec that is right, by parts that tests replace. */
function specText(parts: Readonly<Record<string, string>> = {}): string {
  const all: Record<string, string> = {
    methods: "methods: { wavg: wavg.yaml }",
    space: "space: { w: [1, 2] }",
    tasks: "tasks: [sib200:tam]",
    ...parts,
  };
  return `${Object.values(all).join("\n")}\n`;
}

const read = (parts: Readonly<Record<string, string>> = {}, files = {}) =>
  readSpec(writeSpec(specText(parts), { "wavg.yaml": RECIPE, ...files }));

describe("a spec that is right", () => {
  it("needs methods, a space and tasks; the rest has defaults", () => {
    const spec = read();
    expect(spec).toMatchObject({
      tasks: ["sib200:tam"],
      dev: "dev",
      objective: { kind: "average" },
      strategy: "grid",
      trials: null,
      seed: 1,
      halving: null,
      final: { split: "test", models: [], tasks: [] },
    });
    expect(spec.methods).toMatchObject([
      { name: "wavg", variables: [{ name: "w", values: [1, 2] }], template: { text: RECIPE } },
    ]);
  });

  it("may hold a recipe itself, with variables in braces", () => {
    const methods = `methods: { wavg: { recipe: { merge_method: linear, models: [{ model: "a-\${w}" }] } } }`;
    const { template } = read({ methods }).methods[0] as { template: { text: string } };
    expect(template.text).toBe("merge_method: linear\nmodels:\n  - model: a-${w}\n");
  });

  it("may name a single recipe", () => {
    expect(read({ methods: "recipe: wavg.yaml" }).methods[0]).toMatchObject({ name: "merge" });
  });

  it("may be an object", () => {
    const recipe = { merge_method: "linear", models: [{ model: "a", parameters: { weight: "${w}" } }] };
    const spec = readSpec({ recipe, space: { w: [1, 2] }, tasks: ["sib200:tam"] });
    expect(spec.methods[0]?.variables).toHaveLength(1);
    expect(spec.path).toBeNull();
  });

  it("has ranges: with steps to both ends, without, and on a logarithmic scale", () => {
    const space = "space: { w: { from: 0.1, to: 0.5, step: 0.1 } }";
    expect(read({ space }).methods[0]?.variables[0]?.values).toEqual([0.1, 0.2, 0.3, 0.4, 0.5]);
    const open = read({ space: "space: { w: { from: 0.01, to: 1, scale: log } }", more: "strategy: random" });
    expect(open.methods[0]?.variables[0]).toMatchObject({
      values: null,
      range: { scale: "log", step: null },
    });
    expect(open.trials).toBe(30);
  });

  it("gives each method the variables that its recipe has, its own before the shared ones", () => {
    const methods = `methods:
  one: wavg.yaml
  two: { recipe: wavg.yaml, space: { w: [3] } }`;
    const [one, two] = read({ methods }).methods;
    expect(one?.variables[0]?.values).toEqual([1, 2]);
    expect(two?.variables[0]?.values).toEqual([3]);
  });

  it("applies a condition where a method has all its variables", () => {
    const two = RECIPE.replace("weight: 1", "weight: ${v}");
    const parts = {
      methods: "methods: { one: wavg.yaml, two: two.yaml }",
      space: "space: { w: [1, 2], v: [1, 2] }",
      where: "where: [w > v]",
    };
    const methods = read(parts, { "two.yaml": two }).methods;
    expect(methods.map(({ where }) => where.length)).toEqual([0, 1]);
  });
});

/** Parts of a spec, what its one problem says, and where. */
const REFUSALS: [what: string, parts: Record<string, string>, message: RegExp][] = [
  [
    "an unknown key",
    { more: "strateg: grid" },
    /key of a search.*"strateg"; did you mean strategy\? \(search.yaml:4\)/,
  ],
  ["no methods", { methods: "" }, /Expected methods, each with a recipe, but found none/],
  ["empty methods", { methods: "methods: {}" }, /Expected methods, each with a recipe/],
  ["methods and a recipe", { more: "recipe: wavg.yaml" }, /Expected methods or recipe, but found both/],
  [
    "a method without a recipe",
    { methods: "methods: { a: { space: { w: [1] } } }" },
    /Expected a recipe for the method a/,
  ],
  ["a strange method name", { methods: 'methods: { "a b": wavg.yaml }' }, /method's name of letters.*"a b"/],
  [
    "a recipe that is not there",
    { methods: "methods: { a: lost.yaml }" },
    /Expected the recipe of a at .*lost.yaml, but found nothing/,
  ],
  [
    "a recipe that is a number",
    { methods: "methods: { a: 3 }" },
    /recipe of a as a path or a mapping, but received 3/,
  ],
  [
    "an unknown variable",
    { space: "space: { v: [1] }" },
    /Expected a variable of the space, but received \$\{w\}; did you mean v\? \(wavg.yaml:3\)/,
  ],
  ["no space", { space: "" }, /received \$\{w\}; the space is empty/],
  [
    "an unused variable",
    { space: "space:\n  w: [1]\n  v: [1]" },
    /Expected \$\{v\} in a recipe, since the space has v, but found none \(search.yaml:4\)/,
  ],
  [
    "a method's unused variable",
    { methods: "methods: { a: { recipe: wavg.yaml, space: { v: [1] } } }" },
    /Expected \$\{v\} in the recipe of a/,
  ],
  [
    "a strange variable name",
    { space: 'space: { w: [1], "a-b": [1] }' },
    /variable's name of letters.*"a-b"/,
  ],
  ["an empty list", { space: "space: { w: [] }" }, /at least one value for w, but received an empty list/],
  ["a value twice", { space: "space: { w: [1, 2, 1] }" }, /each value of w once, but 1 is there twice/],
  [
    "a value that is no scalar",
    { space: "space: { w: [[1]] }" },
    /Expected a number, true, false, or a text.*for w, but received a list/,
  ],
  [
    "a text that would break YAML",
    { space: 'space: { w: ["a: b"] }' },
    /text without spaces and quotes for w, but received "a: b"/,
  ],
  [
    "an unknown key of a variable",
    { space: "space: { w: { form: 1, to: 2 } }" },
    /key of the variable w, but received "form"; did you mean from\?/,
  ],
  [
    "a range without an end",
    { space: "space: { w: { from: 1 } }" },
    /values, or a range with from and to, for w/,
  ],
  [
    "an empty range",
    { space: "space: { w: { from: 2, to: 1, step: 1 } }" },
    /from is below its to, but received 2 to 1, for w/,
  ],
  [
    "a step of nothing",
    { space: "space: { w: { from: 1, to: 2, step: 0 } }" },
    /a step above 0, but received 0, for w/,
  ],
  [
    "too many steps",
    { space: "space: { w: { from: 0, to: 1, step: 1e-7 } }" },
    /a step that gives at most 10000 values for w/,
  ],
  [
    "a logarithm of nothing",
    { space: "space: { w: { from: 0, to: 1, scale: log } }" },
    /a range above 0, since its scale is log/,
  ],
  [
    "a logarithm with steps",
    { space: "space: { w: { from: 1, to: 2, step: 1, scale: log } }" },
    /either a step or scale: log/,
  ],
  [
    "an unknown scale",
    { space: "space: { w: { from: 1, to: 2, scale: lag } }", more: "strategy: tpe" },
    /scale as one of linear, log, but received "lag"; did you mean log\?/,
  ],
  [
    "a grid of a range without steps",
    { space: "space: { w: { from: 1, to: 2 } }" },
    /Expected a step \(or values\) for w, since a grid/,
  ],
  [
    "words for cma",
    { space: "space: { w: [x, y] }", more: "strategy: cma" },
    /Expected numbers for w, since the strategy is cma; tpe takes words too/,
  ],
  [
    "when without otherwise",
    { space: "space: { w: { values: [1], when: { v: 1 } } }" },
    /Expected otherwise beside when for w/,
  ],
  [
    "otherwise without when",
    { space: "space: { w: { values: [1], otherwise: 0 } }" },
    /Expected when beside otherwise for w/,
  ],
  [
    "when about a later variable",
    { space: "space: { w: { values: [1], when: { v: 1 }, otherwise: 0 }, v: [1] }" },
    /when of w to name a variable that stands before it, but received "v"/,
  ],
  [
    "a condition that is none",
    { more: "where: [w]" },
    /Expected a condition between variables, but received "w"; write k_ct >= k_sft/,
  ],
  [
    "a condition about an unknown variable",
    { more: "where: [w > 1, z > 1]" },
    /received "z > 1"; known are w|received "z > 1"; did you mean w/,
  ],
  [
    "conditions that leave nothing",
    { more: "where: [w > 5]" },
    /Expected a point of the space of wavg that meets where/,
  ],
  ["no tasks", { tasks: "" }, /Expected tasks, a list such as \[sib200:tam\], but found none/],
  ["empty tasks", { tasks: "tasks: []" }, /Expected tasks as a list of texts, but received an empty list/],
  [
    "an unknown strategy",
    { more: "strategy: gird" },
    /strategy as one of grid, random, tpe, cma, but received "gird"; did you mean grid\?/,
  ],
  ["trials of a grid", { more: "trials: 5" }, /Expected no trials with the strategy grid/],
  [
    "no trials",
    { more: "strategy: tpe\ntrials: 0" },
    /Expected trials as a whole number of at least 1, but received 0/,
  ],
  ["a seed that is a word", { more: "seed: one" }, /Expected seed as a number, but received "one"/],
  [
    "tuning on test by name",
    { more: "dev: test" },
    /Expected a split to tune on that is not tested on, but received dev: test/,
  ],
  [
    "tuning on the final split",
    { more: "dev: heldout\nfinal: { split: heldout }" },
    /not tested on, but received dev: heldout/,
  ],
  [
    "tuning on a split whose name begins like it",
    { more: "dev: test_small\nfinal: false" },
    /not tested on, but received dev: test_small/,
  ],
  [
    "an unknown key of final",
    { more: "final: { model: [a] }" },
    /key of final, but received "model"; did you mean models\?/,
  ],
  [
    "an unknown objective",
    { more: "objective: avarage" },
    /objective as one of average, worst, but received "avarage"; did you mean average\?/,
  ],
  [
    "a negative weight",
    { more: "objective: { weighted: { a: -1 } }" },
    /weight of at least 0 for a, but received -1/,
  ],
  [
    "halving with tpe",
    { more: "strategy: tpe\nhalving: { rows: 5 }" },
    /halving with the strategy grid or random, but received tpe/,
  ],
  ["halving without rows", { more: "halving: { factor: 2 }" }, /Expected rows in halving/],
  [
    "halving by one",
    { more: "halving: { rows: 5, factor: 1 }" },
    /Expected a factor above 1 in halving, but received 1/,
  ],
  ["no YAML", { more: "a: [" }, /Expected YAML, but/],
];

describe("a spec is refused for", () => {
  it.each(REFUSALS)("%s", (_, parts, message) => {
    let error: unknown;
    try {
      read(parts);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: "SEARCH_INVALID", message: expect.stringMatching(message) });
    // One problem, one message.
    expect((error as { details: { problems?: unknown } }).details.problems).toBeUndefined();
  });

  it("not being there", () => {
    expect(() => readSpec("/nowhere/search.yaml")).toThrow(
      /Expected a search's spec at .*, but found nothing/,
    );
  });

  it("being no mapping", () => {
    expect(() => readSpec(writeSpec("- a\n"))).toThrow(/Expected a search, a mapping/);
  });

  it("all its problems at once", () => {
    expect(() => read({ tasks: "", more: "strategy: gird\nseed: x" })).toThrow(/^3 problems: /);
  });
});
