/** The API of an analysis: golden counts, what does not change its figures, what it refuses. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { type ConflictsOptions, conflicts, type RecipeInput } from "tiesmith";
import { describe, expect, it } from "vitest";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { writeModel } from "../execute/merged-models.ts";
import { RandomSource } from "../execute/random-models.ts";
import { bf16 } from "../execute/tensor-builders.ts";

const GOLDEN = join(import.meta.dirname, "..", "golden", "exact", "expected");
const TINYLANG = join(import.meta.dirname, "..", "..", "examples", "tinylang");
const TIES_SV = join(TINYLANG, "expected", "ties-sv", "recipe.yaml");

interface ExpectedCount {
  readonly model: string;
  readonly retained: number;
  readonly discarded: number;
}

const cases = [GOLDEN, join(TINYLANG, "expected")]
  .flatMap((folder) => readdirSync(folder).map((name) => ({ name, folder: join(folder, name) })))
  .filter(({ folder }) => existsSync(join(folder, "counts.json")));

describe("the counts of the float64 reference", () => {
  it.each(cases)("$name", async ({ folder }) => {
    const expected = JSON.parse(readFileSync(join(folder, "counts.json"), "utf8")) as Record<
      string,
      ExpectedCount[]
    >;
    const report = await conflicts(join(folder, "recipe.yaml"));
    const countsOf = (models: readonly ExpectedCount[]) =>
      models.map(({ model, retained, discarded }) => ({ model, retained, discarded }));
    const found = expected.model
      ? { model: countsOf(report.models) }
      : Object.fromEntries(report.tensors.map(({ name, models }) => [name, countsOf(models)]));
    expect(found).toEqual(expected);
  });

  it("cover both scopes, slack, three models and mixed formats", () => {
    expect(cases.length).toBeGreaterThanOrEqual(12);
  });
});

/** Counts are far below that. */
function toTwelveDigits(report: object): unknown {
  const rounded = (_: string, value: unknown) =>
    typeof value === "number" ? Number(value.toPrecision(12)) : value;
  return JSON.parse(JSON.stringify(report, rounded));
}

describe("a report", () => {
  it("is the same for any number of threads, and for any chunks but for the rounding of sums", async () => {
    const options = { slackCurve: true, densities: [0.2, 1] };
    const one = await conflicts(TIES_SV, { ...options, threads: 1 });
    const other = await conflicts(TIES_SV, { ...options, threads: 3 });
    expect({ ...other, run: null }).toEqual({ ...one, run: null });
    const inParts = await conflicts(TIES_SV, { ...options, threads: 3, chunkElements: 8192 });
    expect(toTwelveDigits({ ...inParts, run: null })).toEqual(toTwelveDigits({ ...one, run: null }));
  });

  it("has the same sums for any number of threads, where adding them rounds", async () => {
    const folder = temporaryFolder();
    const random = new RandomSource(5);
    // Squares of f32 take 48 bits, so that no sum of them is exact. Twenty chunks: more than a thread has under way.
    const values = () =>
      Float32Array.from({ length: 20 * 65_536 }, () => random.next() + random.next() - random.next());
    for (const name of ["base", "ct", "sft"]) {
      const data = new Uint8Array(values().buffer);
      writeModel(join(folder, name), { w: { dtype: "F32", shape: [20, 65_536], data } });
    }
    const recipe: RecipeInput = {
      merge_method: "ties",
      base_model: join(folder, "base"),
      models: [
        { model: join(folder, "ct"), parameters: { weight: 1, density: 1 } },
        { model: join(folder, "sft"), parameters: { weight: 1, density: 0.2 } },
      ],
    };
    const [one, three] = await Promise.all(
      [1, 3].map((threads) => conflicts(recipe, { threads, chunkElements: 65_536 })),
    );
    expect({ ...three, run: null }).toEqual({ ...one, run: null });
  });

  it("tells the rise of Figure 4 along the checkpoints of tinylang, each file read once a pass", async () => {
    const checkpoints = ["ct-x-100", "ct-x-200", "ct-x"].map((name) => join(TINYLANG, "models", name));
    let totalBytes = 0;
    const report = await conflicts(TIES_SV, {
      series: { checkpoints, x: [100, 200, 400], xTitle: "steps" },
      onProgress: (progress) => {
        totalBytes = progress.totalBytes;
      },
    });
    const shares =
      report.series?.points.map(({ figures }) => figures.models[1]?.discardedShare as number) ?? [];
    expect(shares.map((share) => share.toFixed(3))).toEqual(["0.021", "0.070", "0.105"]);
    expect(report.series?.rise).toBeCloseTo(0.0831, 4);
    expect(report.series?.xTitle).toBe("steps");
    // Base, SFT and three checkpoints, the recipe's own model among them; two bytes a parameter.
    expect(totalBytes).toBe(5 * 2 * 984_192);
  });

  it("groups tensors by kind and layer", async () => {
    const { kinds, layers, modules, tensorCount } = await conflicts(TIES_SV);
    expect(kinds.map(({ kind }) => kind)).toEqual([
      "embedding",
      "q",
      "k",
      "v",
      "o",
      "gate",
      "up",
      "down",
      "norm",
      "head",
    ]);
    expect(layers.map(({ layer }) => layer)).toEqual([0, 1, 2, 3]);
    expect(modules.reduce((sum, module) => sum + module.tensorCount, 0)).toBe(tensorCount);
    expect(modules[0]).toMatchObject({ layer: 0, kind: "q", tensorCount: 1 });
    expect(modules.at(-1)).toMatchObject({ layer: null, kind: "head" });
  });
});

/** Two tensors of two models and a recipe. */
function models(): { folder: string; recipe: RecipeInput } {
  const folder = temporaryFolder();
  writeModel(join(folder, "base"), { w: bf16([4], [1, 1, 1, 1]) });
  writeModel(join(folder, "ct"), { w: bf16([4], [2, 2, 0, 1]) });
  writeModel(join(folder, "sft"), { w: bf16([4], [1.5, -1, 2, 1]) });
  const recipe = {
    merge_method: "ties",
    base_model: join(folder, "base"),
    models: ["ct", "sft"].map((name) => ({ model: join(folder, name), parameters: { weight: 1 } })),
  };
  return { folder, recipe };
}

it("counts a small case as by hand", async () => {
  // tau of ct: 1 1 -1 0; of sft: 0.5 -2 1 0; sums 1.5 -1 0 0.
  const report = await conflicts(models().recipe);
  expect(report).toMatchObject({ parameters: 4, conflicts: 2, zeroVotes: 1, analysed: "sft", slack: null });
  expect(report.models).toMatchObject([
    { model: "ct", zero: 1, retained: 3, inConflict: 2, conflictsWon: 0, discarded: 2, zeroVotes: 1 },
    { model: "sft", zero: 1, retained: 3, inConflict: 2, conflictsWon: 2, discarded: 0, kept: 3, largest: 2 },
  ]);
  expect(report.models[0]).toMatchObject({ discardedWithoutZeroVotes: 1, l1: 3, l1Discarded: 2 });
  expect(report.pairs).toMatchObject([{ models: ["ct", "sft"], before: { same: 1, opposite: 2 } }]);
  // (0.5 - 2 - 1) / (sqrt(3) sqrt(5.25))
  expect(report.pairs[0]?.before.cosine).toBeCloseTo(-2.5 / Math.sqrt(3 * 5.25), 12);
  expect(report.histograms[1]).toEqual({
    ...{ model: "sft", counted: 4, zero: 1 },
    bins: [
      { exponent: -1, count: 1 },
      { exponent: 0, count: 1 },
      { exponent: 1, count: 1 },
    ],
  });
});

describe("an analysis refuses", () => {
  const refused: Record<string, [object, RegExp]> = {
    "an unknown option": [{ slackcurve: true }, /slackCurve.*unknown option/],
    "a density above 1": [{ densities: [0.2, 1.5] }, /numbers between 0 and 1 for densities.*1\.5/],
    "a density twice": [{ densities: [0.2, 0.2] }, /different numbers for densities/],
    "more densities than a class has bits for": [
      { densities: [...Array(9).keys()].map((i) => i / 10) },
      /at most 8/,
    ],
    "a model to vary without densities": [{ vary: "ct" }, /densities beside it/],
    "a model that the recipe lacks": [{ of: "nobody" }, /one of the models ct, sft for of/],
    "a series of one checkpoint": [{ series: { checkpoints: ["a"] } }, /at least two checkpoints/],
    "an axis that does not ascend": [{ series: { checkpoints: ["a", "b"], x: [2, 1] } }, /ascending/],
    "an axis of another length": [
      { series: { checkpoints: ["a", "b"], x: [2] } },
      /each of the 2 checkpoints/,
    ],
    "chunks that are no whole blocks": [{ chunkElements: 5000 }, /multiple of 4096/],
    "no threads": [{ threads: 0 }, /whole number from 1/],
  };
  it.each(Object.keys(refused))("%s", async (what) => {
    const [options, message] = refused[what] as [ConflictsOptions, RegExp];
    await expect(conflicts(models().recipe, options)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(message),
    });
  });

  it("a recipe that elects no signs", async () => {
    const recipe = { ...models().recipe, merge_method: "task_arithmetic" };
    await expect(conflicts(recipe)).rejects.toMatchObject({
      code: "USAGE",
      message: expect.stringMatching(/elect signs/),
    });
  });

  it("checkpoints that are missing or named twice, all at once", async () => {
    const { folder, recipe } = models();
    const checkpoints = [join(folder, "ct"), join(folder, "ct"), join(folder, "none")];
    const failure = await conflicts(recipe, { series: { checkpoints } }).catch((error) => error);
    expect(failure.message).toMatch(/twice/);
    expect(failure.message).toMatch(/none/);
  });

  it("densities for three models, unless one is named", async () => {
    const { folder, recipe } = models();
    writeModel(join(folder, "other"), { w: bf16([4], [1, 2, 2, 1]) });
    const third = { model: join(folder, "other"), parameters: { weight: 1 } };
    const three = { ...recipe, models: [...recipe.models, third] };
    await expect(conflicts(three, { densities: [0.5] })).rejects.toMatchObject({
      message: expect.stringMatching(/vary/),
    });
    await expect(conflicts(three, { densities: [0.5], vary: "ct" })).resolves.toMatchObject({ conflicts: 2 });
  });

  it("NaN, with tensor, index and file", async () => {
    const { folder, recipe } = models();
    writeModel(join(folder, "sft"), { w: bf16([4], [1, 1, Number.NaN, 1]) });
    await expect(conflicts(recipe)).rejects.toMatchObject({
      code: "NOT_FINITE",
      details: { tensor: "w", index: 2 },
    });
  });

  it("to go on after its signal", async () => {
    const signal = AbortSignal.abort();
    await expect(conflicts(models().recipe, { signal })).rejects.toMatchObject({ code: "INTERRUPTED" });
  });
});
