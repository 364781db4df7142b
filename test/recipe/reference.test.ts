import { describe, expect, it } from "vitest";
import { describeReference, type ModelReference, sameReference } from "../../src/recipe/recipe.ts";
import { fromObject, refusals } from "./refusals.ts";

const linear = (model: unknown) => ({
  merge_method: "linear",
  models: [{ model, parameters: { weight: 1 } }],
});
const read = (model: unknown): ModelReference | undefined => fromObject(linear(model)).models[0]?.reference;
const refuse = (model: unknown): readonly string[] => refusals(() => fromObject(linear(model)));

describe("a model reference", () => {
  it.each([
    ["../ct", { location: "../ct", revision: null }],
    ["org/name@main", { location: "org/name", revision: "main" }],
    ["org/name@refs/pr/1", { location: "org/name", revision: "refs/pr/1" }],
    [{ path: "a@b+c" }, { location: "a@b+c", revision: null }],
    [
      { path: "org/name", revision: "v1" },
      { location: "org/name", revision: "v1" },
    ],
    [
      { path: "org/name", revision: null },
      { location: "org/name", revision: null },
    ],
    [{ model: { path: "org/name", revision: "v1" } }, { location: "org/name", revision: "v1" }],
    [
      { model: "org/name@v1", lora: null },
      { location: "org/name", revision: "v1" },
    ],
  ])("reads %j", (model, reference) => {
    expect(read(model)).toEqual(reference);
  });

  it("is described as a recipe spells it", () => {
    expect(describeReference({ location: "a", revision: "b" })).toBe("a@b");
    expect(describeReference({ location: "a", revision: null })).toBe("a");
  });

  it.each([
    ["a@b@c", "RECIPE_INVALID: Expected at most one @ in a model"],
    ["a+lora", "RECIPE_UNSUPPORTED: LoRA adapters (+) are not supported yet"],
    [{ model: "a", lora: "b" }, "RECIPE_UNSUPPORTED: lora of mergekit is not supported yet"],
    [{ model: "a", override_architecture: "X" }, "RECIPE_UNSUPPORTED: override_architecture of mergekit"],
    ["", "RECIPE_INVALID: Expected a model as a path or a hub id"],
    ["  ", "RECIPE_INVALID: Expected a model as a path or a hub id"],
    ["a@", "RECIPE_INVALID: Expected a model as a path or a hub id"],
    ["@b", "RECIPE_INVALID: Expected a model as a path or a hub id"],
    ["a\0b", "RECIPE_INVALID: Expected a model as a path or a hub id"],
    [7, "RECIPE_INVALID: Expected a model as text (a path or a hub id), but received 7; put it in quotes"],
    [null, "RECIPE_INVALID: Expected a model as text (a path or a hub id), but received nothing"],
    [["a"], "RECIPE_INVALID: Expected a model as text (a path or a hub id), but received a list"],
    [{}, "RECIPE_INVALID: Expected a model as text, or as {path, revision}"],
    [{ path: 7 }, "RECIPE_INVALID: Expected a model as text, or as {path, revision}"],
    [{ path: "a", revision: 7 }, "RECIPE_INVALID: Expected a model as text, or as {path, revision}"],
    [{ path: "a", model: "b" }, "RECIPE_INVALID: Expected a model as text, or as {path, revision}"],
    [
      { path: "a", revison: "b" },
      'RECIPE_INVALID: Expected a known key of a model reference, but received "revison"',
    ],
  ])("refuses %j", (model, start) => {
    const [refusal, ...others] = refuse(model);
    expect(refusal?.slice(0, start.length)).toBe(start);
    expect(others).toEqual([]);
  });
});

describe("sameReference", () => {
  const reference = (location: string, revision: string | null = null) => ({ location, revision });

  it("judges paths by what they spell", () => {
    expect(sameReference(reference("./a/b/"), reference("a/b"))).toBe(true);
    expect(sameReference(reference("a/../b"), reference("b"))).toBe(true);
    expect(sameReference(reference("/"), reference(""))).toBe(false);
    expect(sameReference(reference("a"), reference("b"))).toBe(false);
    expect(sameReference(reference("a", "x"), reference("a", "x"))).toBe(true);
    expect(sameReference(reference("a", "x"), reference("a"))).toBe(false);
  });
});
