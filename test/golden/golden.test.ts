/** Merges whose results others have worked out: mergekit, and a float64 reference. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { merge } from "tiesmith";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import type { FloatDtype } from "../../src/dtypes.ts";
import type { Manifest } from "../../src/execute/manifest.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { largestUlps, widen } from "../execute/float-formats.ts";
import { type StoredTensors, storedTensors } from "../execute/stored-tensors.ts";

const EXAMPLES = join(import.meta.dirname, "..", "..", "examples");
const METHODS = ["linear", "task_arithmetic", "ties", "ties_sv"];

interface Case {
  readonly name: string;
  readonly recipe: string;
  readonly expected: string;
  readonly supported: boolean;
}

function casesOf(folder: string): Case[] {
  return readdirSync(folder).map((name) => {
    const recipe = join(folder, name, "recipe.yaml");
    const { merge_method: method } = parse(readFileSync(recipe, "utf8")) as { merge_method: string };
    return { name, recipe, expected: join(folder, name), supported: METHODS.includes(method) };
  });
}

const mergekit = casesOf(join(import.meta.dirname, "mergekit", "expected"));
const exact = casesOf(join(import.meta.dirname, "exact", "expected"));
const tinylang = casesOf(join(EXAMPLES, "tinylang", "expected"));

interface Merged {
  readonly out: string;
  readonly expected: StoredTensors;
  readonly found: StoredTensors;
}

/** Merges, and compares names, formats and shapes. */
async function mergeCase({ recipe, expected: folder }: Case): Promise<Merged> {
  const out = join(temporaryFolder(), "merged");
  await merge(recipe, { out });
  const [expected, found] = [storedTensors(folder), storedTensors(out)];
  const facts = (tensors: StoredTensors) =>
    Object.fromEntries(Object.entries(tensors).map(([name, { dtype, shape }]) => [name, { dtype, shape }]));
  expect(facts(found)).toEqual(facts(expected));
  return { out, expected, found };
}

function forEachPair(
  { expected, found }: Merged,
  compare: (dtype: FloatDtype, expected: Uint8Array, found: Uint8Array) => void,
): void {
  for (const [name, { dtype, data }] of Object.entries(expected))
    compare(dtype as FloatDtype, data, found[name]?.data as Uint8Array);
}

describe("mergekit's result within 1e-6", () => {
  it.each(mergekit.filter(({ supported }) => supported))("$name", async (one) => {
    let elementCount = 0;
    let largest = 0;
    forEachPair(await mergeCase(one), (dtype, expected, found) => {
      const values = widen(dtype, found);
      for (const [i, value] of widen(dtype, expected).entries())
        largest = Math.max(largest, Math.abs(value - (values[i] as number)));
      elementCount += values.length;
    });
    expect(elementCount).toBeGreaterThan(20_000);
    expect(largest).toBeLessThanOrEqual(1e-6);
  });

  it("covers linear, task arithmetic and TIES", () => {
    expect(mergekit.filter(({ supported }) => supported).map(({ name }) => name)).toEqual([
      "linear",
      "linear-raw",
      "task-arithmetic",
      "ties-gradient-filter",
      "ties-paper",
      "ties-raw",
      "ties-rescale",
      "ties-three",
      "ties-weighted",
    ]);
  });
});

describe("a method of mergekit that tiesmith does not have is refused:", () => {
  it.each(mergekit.filter(({ supported }) => !supported))("$name", async ({ recipe }) => {
    const out = join(temporaryFolder(), "merged");
    await expect(merge(recipe, { out })).rejects.toMatchObject({ code: "RECIPE_UNSUPPORTED" });
    expect(existsSync(out)).toBe(false);
  });
});

interface ExpectedCount {
  readonly model: string;
  readonly retained: number;
  readonly discarded: number;
}

/** Counts per tensor, or under `model` for cuts over the whole model. */
function expectCounts(one: Case, out: string): void {
  const path = join(one.expected, "counts.json");
  if (!existsSync(path)) {
    expect(one.name).toBe("wavg-bf16"); // an average has no counts
    return;
  }
  const expected = JSON.parse(readFileSync(path, "utf8")) as Record<string, ExpectedCount[]>;
  const manifest = JSON.parse(readFileSync(join(out, "tiesmith.json"), "utf8")) as Manifest;
  const countsOf = (models: readonly ExpectedCount[]) =>
    models.map(({ model, retained, discarded }) => ({ model, retained, discarded }));
  const found = expected.model
    ? { model: countsOf(manifest.models) }
    : Object.fromEntries(manifest.tensors.map(({ name, models }) => [name, countsOf(models)]));
  expect(found).toEqual(expected);
}

describe("the float64 reference within one unit in the last place, with its counts", () => {
  it.each([...exact, ...tinylang])("$name", async (one) => {
    const merged = await mergeCase(one);
    let [elementCount, identical, ulps] = [0, 0, 0];
    forEachPair(merged, (dtype, expected, found) => {
      ulps = Math.max(ulps, largestUlps(dtype, expected, found));
      const values = widen(dtype, found);
      for (const [i, value] of widen(dtype, expected).entries()) identical += value === values[i] ? 1 : 0;
      elementCount += values.length;
    });
    expect(ulps).toBeLessThanOrEqual(1);
    expect(identical / elementCount).toBeGreaterThanOrEqual(0.999);
    expectCounts(one, merged.out);
  });

  it("covers half-precision and mixed checkpoints, and trained ones", () => {
    expect(exact).toHaveLength(11);
    expect(tinylang.map(({ name }) => name)).toEqual(["ties", "ties-sv", "ties-two-languages"]);
  });
});
