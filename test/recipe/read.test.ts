import { mkdirSync, mkdtempSync, readdirSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { parseRecipe, readRecipe, recipeToPlain } from "../../src/recipe/recipe.ts";
import { refusals } from "./refusals.ts";
import { METHODS } from "./schemas.ts";

const folder = mkdtempSync(join(tmpdir(), "tiesmith-recipe-"));
afterAll(() => rmSync(folder, { recursive: true }));

const LINEAR = "merge_method: linear\nmodels:\n- model: a\n  parameters: {weight: 1}\n";

function file(name: string, content: string | Uint8Array): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe("readRecipe", () => {
  it("tells where the recipe came from", () => {
    const path = file("good.yaml", LINEAR);
    expect(readRecipe(path, METHODS).origin).toEqual({ path, folder });
  });

  it("tells problems by the file's name", () => {
    const path = file("bad.yaml", LINEAR.replace("weight: 1", "weight: x"));
    expect(refusals(() => readRecipe(path, METHODS))).toEqual([
      'RECIPE_INVALID: Expected weight as a finite number for model a, but received "x" (bad.yaml:4)',
    ]);
  });

  it("refuses a path that leads nowhere, or to a folder", () => {
    mkdirSync(join(folder, "sub"));
    const at = (name: string) => refusals(() => readRecipe(join(folder, name), METHODS));
    expect(at("absent.yaml")).toEqual(
      [
        `RECIPE_INVALID: Expected a recipe file, but there is none at ${JSON.stringify(join(folder, "absent.yaml")).slice(0, 40)}`,
      ].map((start) => expect.stringContaining(start)),
    );
    expect(at("sub")).toEqual([expect.stringMatching(/^RECIPE_INVALID: .* is not a file$/)]);
    expect(at("a\0b")).toEqual([expect.stringMatching(/^RECIPE_INVALID: .* there is none at /)]);
    expect(at("x".repeat(300))).toEqual([expect.stringMatching(/^RECIPE_INVALID: .* there is none at /)]);
  });

  it("refuses a file that is no text, without reading one that is too large", () => {
    const latin = file("latin.yaml", Uint8Array.of(0x61, 0x3a, 0x20, 0xe9));
    expect(refusals(() => readRecipe(latin, METHODS))).toEqual([
      expect.stringContaining("Expected a recipe in UTF-8"),
    ]);
    const large = file("model.safetensors", "");
    truncateSync(large, 2 ** 40);
    expect(refusals(() => readRecipe(large, METHODS))).toEqual([
      expect.stringMatching(
        /^RECIPE_INVALID: Expected a recipe of at most 262144 bytes, .* has 1099511627776$/,
      ),
    ]);
  });
});

it("refuses a text that is too large", () => {
  expect(refusals(() => parseRecipe("#".repeat(2 ** 21), METHODS))).toEqual([
    "RECIPE_INVALID: Expected a recipe of at most 262144 bytes, but received 2097152 characters (line 1)",
  ]);
});

describe("the golden recipes", () => {
  const golden = new URL("../golden/", import.meta.url).pathname;
  const cases = ["mergekit", "exact"].flatMap((set) =>
    readdirSync(join(golden, set, "expected")).map((name) =>
      join(golden, set, "expected", name, "recipe.yaml"),
    ),
  );
  const ours = /\/(linear|wavg|task-arithmetic|ties)[^/]*\/recipe\.yaml$/;

  it.each(cases.filter((path) => ours.test(path)))("run: %s", (path) => {
    const recipe = readRecipe(path, METHODS);
    expect(recipe.notes).toEqual([]);
    expect(recipe.models.length).toBeGreaterThan(1);
    expect(recipeToPlain(recipe).merge_method).toBe(recipe.mergeMethod);
  });

  it.each(cases.filter((path) => !ours.test(path)))("of methods to come are refused as such: %s", (path) => {
    expect(refusals(() => readRecipe(path, METHODS))).toEqual([
      expect.stringMatching(
        /^RECIPE_UNSUPPORTED: merge_method \w+ of mergekit is not supported yet; .*recipe\.yaml:1\)$/,
      ),
    ]);
  });
});
