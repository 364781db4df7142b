import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { isBadInput, TiesmithError } from "../../src/errors.ts";
import { readRecipe, recipeFromShorthand } from "../../src/recipe/recipe.ts";
import { plainRecipes } from "./recipe-arbitraries.ts";
import { fromObject, parse } from "./refusals.ts";
import { METHODS } from "./schemas.ts";

/** Runs an action that may refuse its input, but only in one line and with a bad-input code. */
function mayRefuse(action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof TiesmithError)) throw error;
    expect(isBadInput(error.code)).toBe(true);
    expect(error.message).not.toMatch(/[\n\r]/);
  }
}

const recipeWords = fc.constantFrom(
  "merge_method",
  "base_model",
  "models",
  "model",
  "parameters",
  "weight",
  "density",
  "filter",
  "value",
  "slices",
  "priority",
  "ties",
  "ties_sv",
  "linear",
  "path",
  "base@x@y",
  "a+b",
  "__proto__",
  "constructor",
);
const anything = fc.anything({
  key: fc.oneof(recipeWords, fc.string()),
  values: [recipeWords, fc.string(), fc.double(), fc.boolean(), fc.constant(null), fc.bigInt()],
  withDate: true,
  withMap: true,
  withSet: true,
  withNullPrototype: true,
  withSparseArray: true,
});

/** A recipe in which one value, anywhere, has been replaced or removed. */
const mutatedRecipes = fc
  .tuple(
    plainRecipes(),
    fc.array(fc.tuple(fc.array(fc.nat(6), { maxLength: 6 }), anything), { maxLength: 3 }),
  )
  .map(([recipe, mutations]) => {
    const copy = structuredClone(recipe);
    for (const [path, value] of mutations) mutate(copy, path, value);
    return copy;
  });

function mutate(root: object, path: readonly number[], value: unknown): void {
  let target = root as Record<string, unknown>;
  for (const [depth, step] of path.entries()) {
    const keys = Object.keys(target);
    const key = keys[step % Math.max(1, keys.length)];
    if (key === undefined) return;
    const child = target[key];
    if (depth === path.length - 1 || typeof child !== "object" || child === null) {
      target[key] = value;
      return;
    }
    target = child as Record<string, unknown>;
  }
}

const yamlPieces = fc.constantFrom(
  "merge_method: ties\n",
  "base_model: b\n",
  "models:\n",
  "- model: a\n",
  "  parameters:\n",
  "    weight: ",
  "1\n",
  "[0.1, 0.2]\n",
  "{filter: mlp, value: 1}\n",
  "&a ",
  "*a",
  "<<: ",
  "---\n",
  "...\n",
  "? ",
  ": ",
  "- ",
  "\t",
  "!!str ",
  "!x ",
  "%YAML 1.1\n",
  "|\n",
  ">-\n",
  "'",
  '"',
  "#",
  "{",
  "}",
  "[",
  "]",
  ",",
  "~",
  "\0",
  "\r\n",
  "\uFEFF",
  ".nan",
);

describe("whatever comes in, only a TiesmithError of one line comes out", () => {
  it("for arbitrary texts", () => {
    const texts = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.array(yamlPieces, { maxLength: 40 }).map((p) => p.join("")),
    );
    fc.assert(
      fc.property(texts, (text) => mayRefuse(() => parse(text))),
      { numRuns: 2000 },
    );
  });

  it("for arbitrary files", () => {
    const folder = mkdtempSync(join(tmpdir(), "tiesmith-fuzz-"));
    const path = join(folder, "recipe.yaml");
    try {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
          writeFileSync(path, bytes);
          mayRefuse(() => readRecipe(path, METHODS));
        }),
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("for arbitrary values", () => {
    fc.assert(
      fc.property(anything, (value) => mayRefuse(() => fromObject(value))),
      { numRuns: 1000 },
    );
  });

  it("for valid recipes with some values replaced", () => {
    fc.assert(
      fc.property(mutatedRecipes, (recipe) => mayRefuse(() => fromObject(recipe))),
      { numRuns: 2000 },
    );
  });

  it("for recipe texts with a piece cut out and another put in", () => {
    fc.assert(
      fc.property(plainRecipes(), fc.nat(400), fc.nat(20), yamlPieces, (recipe, start, length, piece) => {
        const text = stringify(recipe);
        mayRefuse(() => parse(text.slice(0, start) + piece + text.slice(start + length)));
      }),
      { numRuns: 1000 },
    );
  });

  it("for arbitrary command lines", () => {
    const words = fc.array(fc.oneof(fc.string(), fc.constantFrom("a:weight=1", "a:density=x,weight=1")));
    fc.assert(
      fc.property(fc.string(), words, words, (method, models, parameters) => {
        mayRefuse(() => fromObject(recipeFromShorthand({ method, base: "b", models, parameters }, METHODS)));
        mayRefuse(() =>
          fromObject(recipeFromShorthand({ method: "ties", base: "b", models, parameters }, METHODS)),
        );
      }),
    );
  });
});
