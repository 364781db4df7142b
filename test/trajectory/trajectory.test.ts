/** Merges along a training: each is what merge and evaluate give by themselves, and nothing of it stays. */
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { conflicts, evaluate, merge, type TrajectoryOptions, trajectory } from "tiesmith";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { TINYLANG } from "../gguf/tiny-checkpoint.ts";

const model = (name: string) => join(TINYLANG, "models", name);
const TASKS = ["tc", "math"].map((name) => join(TINYLANG, "tasks", `${name}.yaml`));
const RECIPE = join(TINYLANG, "expected", "ties", "recipe.yaml");
const CHECKPOINTS = ["ct-x-100", "ct-x"].map(model);
const common = { data: join(TINYLANG, "data"), languages: ["X"], limit: 15 };

function run(options: Partial<TrajectoryOptions> = {}, recipe: string | object = RECIPE) {
  const series = { checkpoints: CHECKPOINTS, x: [100, 400], xTitle: "steps" };
  const cache = join(temporaryFolder(), "answers");
  return trajectory(recipe as string, TASKS, { ...common, series, cache, ...options });
}

describe("a trajectory", () => {
  it("has what merging and evaluating each checkpoint gives, and the conflicts of the series", async () => {
    const temporary = temporaryFolder();
    const cache = join(temporaryFolder(), "answers");
    const others = [
      { name: "SFT", models: [model("sft")] },
      { name: "CT-then-SFT", models: [model("base"), model("ctsft-x")] },
    ];
    const seen: string[] = [];
    const results = await run({
      ...{ temporary, cache, others },
      onPredictions: ({ model: name, predictions }) => seen.push(`${name} ${predictions.length}`),
      onProgress: ({ totalRows }) => expect(totalRows).toBe(7 * 30),
    });
    expect(results.curves.map(({ name, kind, points }) => [name, kind, points.map(({ x }) => x)])).toEqual([
      ["merged", "merged", [100, 400]],
      ["ct-x alone", "alone", [100, 400]],
      ["SFT", "other", [null]],
      ["CT-then-SFT", "other", [100, 400]],
    ]);
    expect(seen).toHaveLength(14);
    expect(seen).toContain("merged ct-x 15");
    expect(readdirSync(temporary)).toEqual([]);

    const out = join(temporaryFolder(), "merged");
    await merge(RECIPE, { out });
    const alone = await evaluate([out, model("ct-x"), model("sft")], TASKS, { ...common, cache });
    const lasts = [0, 1, 2].map((curve) => results.curves[curve]?.points.at(-1));
    for (const [i, point] of lasts.entries()) {
      expect(point?.modelHash).toBe(alone.models[i]?.hash);
      expect(point?.averages[0]?.value).toBe(alone.averages[2 * i]?.value);
    }
    // The answers were kept: the same model under another name asks nothing.
    expect(alone.scores.every(({ cachedRows }) => cachedRows === 15)).toBe(true);

    const series = { checkpoints: CHECKPOINTS, x: [100, 400], xTitle: "steps" };
    expect(results.conflicts).toEqual({
      analysed: "sft",
      series: (await conflicts(RECIPE, { series })).series,
    });
  }, 120_000);

  it("of WAVG has no conflicts, and without `alone` the merges only; paths of a file are the file's", async () => {
    const folder = temporaryFolder();
    const recipe = join(folder, "wavg.yaml");
    const models = ["ct-x", "sft"].map((name) => ({ model: model(name), parameters: { weight: 0.5 } }));
    writeFileSync(recipe, stringify({ merge_method: "linear", models }));
    const results = await run({ alone: false, limit: 3 }, recipe);
    expect(results).toMatchObject({ conflicts: null, method: "linear", replaced: "ct-x" });
    expect(results.curves.map(({ name }) => name)).toEqual(["merged"]);
    expect(results.mergeSeconds).toBeGreaterThan(0);
    expect(results.seconds).toBeGreaterThan(results.mergeSeconds);
  }, 60_000);

  it("leaves no merge behind when it is interrupted, and goes on where it was", async () => {
    const temporary = temporaryFolder();
    const cache = join(temporaryFolder(), "answers");
    const controller = new AbortController();
    const interrupted = run({
      ...{ temporary, cache, alone: false, conflicts: false, signal: controller.signal },
      onProgress: ({ model: name, doneRows }) => {
        if (name === "merged ct-x" && doneRows > 32) controller.abort();
      },
    });
    await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(readdirSync(temporary)).toEqual([]);
    const results = await run({ temporary, cache, alone: false, conflicts: false });
    const cached = results.curves[0]?.points.map(({ scores }) => scores[0]?.cachedRows) ?? [];
    expect(cached[0]).toBe(15);
    expect(cached[1]).toBeGreaterThan(0);
  }, 60_000);
});

describe("a trajectory is refused before anything is merged", () => {
  it.each<[string, Partial<TrajectoryOptions>, string | object, RegExp]>([
    ["one checkpoint", { series: { checkpoints: [model("ct-x")] } }, RECIPE, /at least two checkpoints/],
    [
      "too few numbers on the axis",
      { series: { checkpoints: CHECKPOINTS, x: [1] } },
      RECIPE,
      /a number for each of the 2 checkpoints/,
    ],
    ["a pattern without folders", { series: { checkpoints: [model("cx-*")] } }, RECIPE, /no folder matches/],
    [
      "an unknown model to replace",
      { series: { checkpoints: CHECKPOINTS, replaces: "nobody" } },
      RECIPE,
      /one of the models ct-x, sft for series\.replaces/,
    ],
    [
      "a curve of another length",
      { others: [{ name: "CTSFT", models: [model("sft"), model("sft"), model("sft")] }] },
      RECIPE,
      /one model, or one for each of the 2 checkpoints/,
    ],
    [
      "two curves of one name",
      { others: ["SFT", "SFT"].map((name) => ({ name, models: [model("sft")] })) },
      RECIPE,
      /different names/,
    ],
    ["another model that is not there", { others: [{ name: "a", models: ["nowhere"] }] }, RECIPE, /nowhere/],
    ["a language without data", { languages: ["Z"] }, RECIPE, /a language of tinylang-tc/],
    [
      "a checkpoint that is no model",
      { series: { checkpoints: [model("ct-x"), TINYLANG] } },
      RECIPE,
      /config|safetensors|model/,
    ],
  ])("%s", async (_what, options, recipe, message) => {
    const temporary = temporaryFolder();
    await expect(run({ temporary, ...options }, recipe)).rejects.toThrow(message);
    expect(readdirSync(temporary)).toEqual([]);
  });

  it("a temporary folder that cannot be used", async () => {
    const temporary = join(temporaryFolder(), "absent");
    await expect(run({ temporary, alone: false, conflicts: false })).rejects.toThrow(/--temporary/);
    expect(existsSync(temporary)).toBe(false);
    mkdirSync(temporary);
  });
});
