/** Slack curves, density grids and series are what single runs give, at the cost of fewer readings. */
import { renameSync } from "node:fs";
import { join } from "node:path";
import { type ConflictsReport, conflicts, type SlackPoint } from "tiesmith";
import { describe, expect, it } from "vitest";
import { recipeOf } from "../execute/merged-models.ts";
import { type RandomCase, randomCase } from "../execute/random-models.ts";
import type { ReferenceSettings } from "../execute/reference-merge.ts";
import { analyse, withModels } from "./analysed-models.ts";

const DENSITIES = [0.01, 0.4, 1];

function twoModels(seed: number, fixed: Partial<ReferenceSettings> = {}): RandomCase {
  const settings = { method: "ties_sv", weights: [1, 1], slack: 0.04, rescale: false, ...fixed } as const;
  return { ...randomCase(seed, settings), outDtype: null };
}

/** Some points of a curve, its ends among them. */
function some(points: readonly SlackPoint[]): SlackPoint[] {
  return points.filter((_, i) => i % Math.ceil(points.length / 4) === 0 || i === points.length - 1);
}

describe("a slack curve has the pairs of single runs", () => {
  it.each([12, 13, 14])("over the whole model, seed %i", async (seed) => {
    const one = twoModels(seed, { scope: "model", densities: [1, 0.5] });
    await withModels(one, async (folder) => {
      const { slackCurve } = await analyse(one, folder, { slackCurve: true });
      expect(slackCurve?.discarded).toBeGreaterThan(0);
      expect(slackCurve?.points.at(-1)?.given).toBe(slackCurve?.discarded);
      for (const { slack, given, largestForgiven } of some(slackCurve?.points ?? [])) {
        const single = await analyse(one, folder, {}, { slack });
        expect({ given: single.givenBack, largestForgiven: single.largestForgiven }).toEqual({
          given,
          largestForgiven,
        });
      }
    });
  });

  it.each([21, 22])("tensor by tensor, seed %i", async (seed) => {
    const one = twoModels(seed, { scope: "tensor", densities: [1, 0.5], priority: 1 });
    await withModels(one, async (folder) => {
      const { tensors } = await analyse(one, folder, { slackCurve: true });
      for (const { name, slackCurve } of tensors)
        for (const { slack, given, largestForgiven } of some(slackCurve ?? [])) {
          const single = await analyse(one, folder, {}, { slack });
          const tensor = single.tensors.find((other) => other.name === name);
          expect(tensor).toMatchObject({ givenBack: given, largestForgiven });
        }
    });
  });

  it("of a model that has no priority in plain TIES", async () => {
    const one = twoModels(31, { method: "ties", scope: "model", zeroSign: "plus", densities: [1, 0.5] });
    await withModels(one, async (folder) => {
      const { slackCurve, models } = await analyse(one, folder, { slackCurve: true, of: "m0" });
      expect(slackCurve).toMatchObject({ retained: models[0]?.retained, discarded: models[0]?.discarded });
    });
  });
});

/** The counts that a grid's cells have. */
function countsOf({ models }: Pick<ConflictsReport, "models">) {
  return models.map(
    ({ retained, inConflict, conflictsLost, zeroVotes, discarded, discardedWithoutZeroVotes }) => ({
      ...{ retained, inConflict, conflictsLost, zeroVotes, discarded, discardedWithoutZeroVotes },
    }),
  );
}

describe("a grid of densities has the counts of single runs", () => {
  const settings: Record<string, Partial<ReferenceSettings>> = {
    "in one joint pass, tensor scope": { scope: "tensor", zeroSign: "plus", electionWeights: true },
    "in one joint pass, model scope": { scope: "model", zeroSign: "priority", priority: 1 },
    "with unequal weights": { scope: "tensor", weights: [0.3, 2], zeroSign: "plus" },
    "one by one where a vote is rescaled": { scope: "tensor", rescale: true },
    "one by one where a majority decides": { scope: "model", zeroSign: "majority" },
    "one by one where a weight is negative": { weights: [1, -0.5], electionWeights: true },
  };
  it.each(Object.keys(settings).map((how, i) => ({ how, seed: 40 + i })))("$how", async ({ how, seed }) => {
    const one = twoModels(seed, { method: "ties", ...settings[how] });
    await withModels(one, async (folder) => {
      const { densityGrid } = await analyse(one, folder, { densities: DENSITIES });
      expect(densityGrid?.cells).toHaveLength(DENSITIES.length ** 2);
      for (const cell of densityGrid?.cells ?? []) {
        const single = await analyse(one, folder, {}, { densities: cell.densities as number[] });
        expect(countsOf(cell as never)).toEqual(countsOf(single));
        expect(cell.conflicts).toBe(single.conflicts);
      }
    });
  });

  it("of one model among three", async () => {
    const fixed = { method: "ties", weights: [1, 1, 0.5], densities: [1, 0.2, 0.5] } as const;
    const one = twoModels(51, fixed);
    await withModels(one, async (folder) => {
      const { densityGrid } = await analyse(one, folder, { densities: DENSITIES, vary: "m1" });
      expect(densityGrid?.varied).toEqual(["m1"]);
      expect(densityGrid?.cells.map(({ densities }) => densities)).toEqual(
        DENSITIES.map((density) => [null, density, null]),
      );
      for (const cell of densityGrid?.cells ?? []) {
        const single = await analyse(one, folder, {}, { densities: [1, cell.densities[1] as number, 0.5] });
        expect(countsOf(cell as never)).toEqual(countsOf(single));
      }
    });
  });
});

describe("a series", () => {
  it.each(["tensor", "model"] as const)("has the figures of single runs, %s scope", async (scope) => {
    const one = twoModels(61, {
      weights: [1, 1, 1],
      scope,
      zeroSign: "majority",
      rescale: true,
      densities: [0.5, 0.5, 0.2],
    });
    await withModels(one, async (folder) => {
      const pair = {
        ...one,
        settings: { ...one.settings, weights: [1, 1], densities: [0.5, 0.2], priority: 1 },
      };
      for (const [from, to] of [
        ["m1", "ckpt-20"],
        ["m2", "m1"],
      ] as const)
        renameSync(join(folder, from), join(folder, to));
      const checkpoints = [join(folder, "m0"), join(folder, "ckpt-20")];
      const report = await analyse(pair, folder, { series: { checkpoints } });
      expect(report.series?.points.map(({ checkpoint, x }) => [checkpoint, x])).toEqual([
        ["m0", 0],
        ["ckpt-20", 20],
      ]);
      for (const [i, checkpoint] of checkpoints.entries()) {
        const recipe = recipeOf(pair.settings, null)(folder);
        const models = [{ ...recipe.models[0], model: checkpoint }, ...recipe.models.slice(1)];
        const single = await conflicts({ ...recipe, models }, { chunkElements: one.chunkElements });
        const {
          parameters,
          conflicts: all,
          zeroVotes,
          givenBack,
          largestForgiven,
          models: own,
          pairs,
        } = single;
        expect(report.series?.points[i]?.figures).toEqual({
          ...{ parameters, conflicts: all, zeroVotes, givenBack, largestForgiven, models: own, pairs },
        });
      }
    });
  });
});
