import { describe, expect, it } from "vitest";
import { parseRecipe } from "../../src/recipe/recipe.ts";
import { parse, refusals, refusalsOf } from "./refusals.ts";
import { METHODS } from "./schemas.ts";

const LINEAR = "merge_method: linear\nmodels:\n- model: a\n  parameters: {weight: 1}\n";

describe("a YAML text that is no recipe", () => {
  it.each([
    ["", "Expected a recipe, but the YAML text is empty (recipe.yaml:1)"],
    ["# nothing\n", "Expected a recipe, but the YAML text is empty (recipe.yaml:1)"],
    ["---\n", "Expected a recipe, but the YAML text is empty (recipe.yaml:1)"],
    ["~", "Expected a recipe, but the YAML text is empty (recipe.yaml:1)"],
    [
      "ties",
      'Expected a recipe, a mapping with merge_method and models, but received "ties" (recipe.yaml:1)',
    ],
    [
      "- a\n",
      "Expected a recipe, a mapping with merge_method and models, but received a list (recipe.yaml:1)",
    ],
  ])("refuses %j", (text, message) => {
    expect(refusalsOf(text)).toEqual([`RECIPE_INVALID: ${message}`]);
  });

  it.each([
    ["an open bracket", "merge_method: [\n", 2],
    ["a tab as indent", "merge_method: ties\nmodels:\n\t- model: a\n", 3],
    ["two values in a line", "a: b: c\n", 1],
    ["an unknown tag", "merge_method: linear\nmodels: !python/object x\n", 2],
    ["a timestamp tag", "merge_method: !!timestamp 2001-01-01\n", 1],
    ["an ordered map", "merge_method: linear\nparameters: !!omap [a: 1]\n", 2],
  ])("refuses %s with its line", (_name, text, line) => {
    const [refusal, ...others] = refusalsOf(text);
    expect(refusal).toMatch(
      new RegExp(`^RECIPE_INVALID: Expected YAML, but: .* \\(recipe\\.yaml:${line}\\)$`),
    );
    expect(others).toEqual([]);
  });

  it("names the line alone when the text has no file", () => {
    expect(refusals(() => parseRecipe("a: b: c", METHODS))[0]).toMatch(/ \(line 1\)$/);
  });

  it.each([
    ["flow lists", "[".repeat(200_000)],
    ["closed flow lists", `a: ${"[".repeat(100)}${"]".repeat(100)}`],
    ["flow maps", `a: ${"{a: ".repeat(50_000)}`],
    ["block lists", "- ".repeat(100_000)],
    ["block maps", Array.from({ length: 500 }, (_, i) => `${" ".repeat(i)}a:`).join("\n")],
    ["explicit keys", "? ".repeat(100_000)],
    ["keys in keys", `${"? [".repeat(50_000)}`],
  ])("refuses %s nested without end", (_name, text) => {
    expect(refusalsOf(text)).toEqual([
      expect.stringMatching(
        /^RECIPE_INVALID: Expected a recipe nested at most 32 deep \(recipe\.yaml:\d+\)$/,
      ),
    ]);
  });

  it("refuses several documents, but not an empty one at the end", () => {
    expect(refusalsOf(`${LINEAR}---\n${LINEAR}`)).toEqual([
      "RECIPE_UNSUPPORTED: Expected one YAML document, but found several; multi-stage recipes are not supported yet (recipe.yaml:6)",
    ]);
    expect(parse(`---\n${LINEAR}---\n`).mergeMethod).toBe("linear");
  });
});

describe("keys", () => {
  it("must be unique", () => {
    expect(refusalsOf(`${LINEAR}dtype: float32\nmerge_method: ties\n`)).toEqual([
      'RECIPE_INVALID: Expected each key once, but "merge_method" is already in line 1 (recipe.yaml:6)',
    ]);
    expect(refusalsOf("models:\n- model: a\n  model: b\n")[0]).toContain(
      '"model" is already in line 2 (recipe.yaml:3)',
    );
    expect(refusalsOf("1: 2\n'1': 3\n")[0]).toContain('"1" is already in line 1');
  });

  it("must be words", () => {
    expect(refusalsOf(`${LINEAR}? [a, b]\n: 1\n`)[0]).toMatch(/Expected a word as key, .* \(recipe.yaml:5\)/);
    expect(refusalsOf(`${LINEAR}5: 1\n`)[0]).toContain('received "5"');
    expect(refusalsOf(`${LINEAR}: 1\n`)[0]).toContain('received ""');
  });
});

describe("anchors", () => {
  it("stand for their values, with the line where these are written", () => {
    const text = `merge_method: ties
base_model: &base ../base
models:
- model: a
  parameters: &shared
    weight: 1
    density: &d 0.5
- model: b
  parameters: *shared
- model: c
  parameters:
    <<: *shared
    weight: 2
- model: d
  parameters:
    <<: [{density: 0.1}, *shared]
`;
    const { models } = parse(text);
    const values = models.map(({ parameters }) => [
      parameters.weight?.[0]?.value,
      parameters.density?.[0]?.value,
    ]);
    expect(values).toEqual([
      [1, 0.5],
      [1, 0.5],
      [2, 0.5],
      [1, 0.1],
    ]);
    const refused = refusalsOf(text.replace("&d 0.5", "&d 5"));
    expect(refused).toHaveLength(3);
    for (const message of refused) expect(message).toMatch(/ but received 5 \(recipe.yaml:7\)$/);
  });

  it("take << in quotes as a plain key, and refuse merging what is no mapping", () => {
    expect(refusalsOf(`${LINEAR}"<<": {dtype: float32}\n`)[0]).toContain('received "<<"');
    expect(refusalsOf(`${LINEAR}<<: 3\n`)[0]).toContain(
      "Expected a mapping, or a list of them, to merge by <<",
    );
  });

  it("must exist, and must not hold themselves", () => {
    expect(refusalsOf("merge_method: *nowhere\n")[0]).toMatch(
      /Expected an anchor that ends before its alias/,
    );
    expect(refusalsOf("&a {merge_method: linear, models: *a}\n")[0]).toMatch(/found \*a \(recipe.yaml:1\)/);
  });

  it("cannot be used to blow up the recipe", () => {
    const levels = Array.from({ length: 20 }, (_, i) =>
      i === 0 ? "a0: &a0 [1, 1]" : `a${i}: &a${i} [${`*a${i - 1}, `.repeat(9)}*a${i - 1}]`,
    );
    const merges = `m: &m {${Array.from({ length: 10_000 }, (_, i) => `k${i}: 1`).join(", ")}}\nl: [${"{<<: *m}, ".repeat(10_000)}1]`;
    for (const text of [levels.join("\n"), merges]) {
      const start = performance.now();
      expect(refusalsOf(text)).toEqual([
        expect.stringMatching(
          /^RECIPE_INVALID: Expected a recipe of at most 100000 values, aliases expanded/,
        ),
      ]);
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });
});

describe("scalars", () => {
  const weightOf = (text: string) => {
    const recipe = parse(LINEAR.replace("weight: 1", `weight: ${text}`));
    return recipe.models[0]?.parameters.weight?.[0]?.value;
  };

  it.each([
    ["1e-5", 1e-5],
    [".5", 0.5],
    ["1.", 1],
    ["+2", 2],
    ["-0.5", -0.5],
    ["[1, 2]", [1, 2]],
  ])("reads the number %s", (text, value) => {
    expect(weightOf(text)).toEqual(value);
  });

  it.each([".nan", ".inf", "1e999", "'1'", "1_000", "1,5", "null", "~", "yes", "12:30"])(
    "refuses %s as a number",
    (text) => {
      const weight = text === "1,5" ? "'1,5'" : text;
      expect(() => weightOf(weight)).toThrow(/Expected weight as a finite number for model a, but received/);
    },
  );

  it("reads by YAML 1.2 also where a directive says 1.1", () => {
    expect(refusalsOf(`%YAML 1.1\n---\n${LINEAR}parameters: {normalize: yes}\n`)).toEqual([
      'RECIPE_INVALID: Expected normalize as true or false, but received "yes"; write true (recipe.yaml:7)',
    ]);
  });

  it("takes Windows line ends and a byte order mark", () => {
    expect(parse(`\uFEFF${LINEAR.replaceAll("\n", "\r\n")}`).models).toHaveLength(1);
  });
});
