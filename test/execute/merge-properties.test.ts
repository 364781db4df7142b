/** What must hold of every merge, whatever the models. */
import { describe, expect, it } from "vitest";
import { FLOAT_DTYPES } from "../../src/dtypes.ts";
import { narrow, widen } from "./float-formats.ts";
import { type MergedModels, mergeModels, recipeOf } from "./merged-models.ts";
import { mergeCase, outputOf } from "./random-merges.ts";
import { type RandomCase, RandomSource, type RandomTensor, randomCase } from "./random-models.ts";
import type { ReferenceSettings } from "./reference-merge.ts";

const SEEDS = [1, 2, 3, 4];
const seeds = it.each(SEEDS.map((seed) => ({ seed })));

/** Every tensor of a case as f32: base, models, and what the merge stored. */
function valuesOf(one: RandomCase, merged: MergedModels) {
  return one.tensors.map((tensor) => {
    const [base, ...models] = tensor.sources.map(({ dtype, bytes }) => widen(dtype, bytes));
    const found = widen(outputOf(tensor, one), merged.tensors[tensor.name]?.data as Uint8Array);
    return { name: tensor.name, base: base as Float32Array, models, found };
  });
}

const withSettings = (one: RandomCase, settings: Partial<ReferenceSettings>): RandomCase => ({
  ...one,
  settings: { ...one.settings, ...settings },
});

describe("density 1 trims nothing", () => {
  seeds("seed $seed", async ({ seed }) => {
    const one = randomCase(seed, { method: "ties", weights: [1, 0.5], densities: [1, 1], rescale: true });
    const { manifest, tensors } = await mergeCase(one);
    for (const { models, shape } of manifest.tensors) {
      const elementCount = shape.reduce((product, size) => product * size, 1);
      for (const { zero, retained } of models) expect(zero + retained).toBe(elementCount);
    }
    // What is not trimmed has nothing to be rescaled for.
    expect((await mergeCase(withSettings(one, { rescale: false }))).tensors).toEqual(tensors);
  });
});

/** The distance between neighbouring f32 numbers at a magnitude. */
function ulpAt(magnitude: number): number {
  return 2 ** (Math.max(-126, Math.floor(Math.log2(magnitude))) - 23);
}

describe("one model with weight 1 is that model to one f32 unit in the last place", () => {
  const methods = ["linear", "task_arithmetic", "ties", "ties_sv"] as const;
  it.each(methods.flatMap((method) => SEEDS.slice(0, 2).map((seed) => ({ method, seed }))))(
    "$method, seed $seed",
    async ({ method, seed }) => {
      const plain = { method, weights: [1], densities: [1], lambda: 1, priority: 0 };
      const one = { ...randomCase(seed, plain), outDtype: "F32" as const };
      for (const { base, models, found } of valuesOf(one, await mergeCase(one)))
        for (const [p, value] of (models[0] as Float32Array).entries()) {
          const unit = ulpAt(
            Math.max(Math.abs(value), method === "linear" ? 0 : Math.abs(base[p] as number)),
          );
          expect(Math.abs((found[p] as number) - value)).toBeLessThanOrEqual(unit);
        }
    },
  );
});

describe("two models in the other order give the same bytes", () => {
  const methods = ["linear", "task_arithmetic", "ties", "ties_sv"] as const;
  it.each(methods.flatMap((method) => SEEDS.slice(0, 3).map((seed) => ({ method, seed }))))(
    "$method, seed $seed",
    async ({ method, seed }) => {
      const random = new RandomSource(seed);
      const weights = [random.pick([1, 0.3, 2]), random.pick([1, 0.7])];
      // A format of its own, since without a base the first model's is kept.
      const drawn = randomCase(seed, { method, weights, densities: [0.5, 0.2], priority: 0 });
      const one = { ...drawn, outDtype: random.pick(FLOAT_DTYPES) };
      const swapped: RandomCase = {
        ...withSettings(one, { weights: weights.toReversed(), densities: [0.2, 0.5], priority: 1 }),
        tensors: one.tensors.map((tensor) => {
          const [base, first, second] = tensor.sources as [Source, Source, Source];
          return { ...tensor, sources: [base, second, first] };
        }),
      };
      const [forth, back] = [await mergeCase(one), await mergeCase(swapped)];
      expect(back.tensors).toEqual(forth.tensors);
      const counts = ({ result }: MergedModels) => result.models.map(({ model: _, ...own }) => own);
      expect(counts(back)).toEqual(counts(forth).toReversed());
    },
  );
});

type Source = RandomTensor["sources"][number];

describe("lambda 0 gives the base as numbers", () => {
  const methods = ["task_arithmetic", "ties", "ties_sv"] as const;
  it.each(methods.flatMap((method) => SEEDS.slice(0, 2).map((seed) => ({ method, seed }))))(
    "$method, seed $seed",
    async ({ method, seed }) => {
      const drawn = randomCase(seed, { method, lambda: 0, normalize: false });
      const one = { ...drawn, outDtype: null };
      for (const { name, base, found } of valuesOf(one, await mergeCase(one)))
        expect({ name, values: found.map((value) => value + 0) }).toEqual({
          name,
          values: base.map((value) => value + 0),
        });
    },
  );
});

describe("slack 0 is TIES", () => {
  seeds("seed $seed", async ({ seed }) => {
    const one = randomCase(seed, { method: "ties_sv", slack: 0 });
    const [withSlack, plain] = [await mergeCase(one), await mergeCase(withSettings(one, { method: "ties" }))];
    expect(withSlack.tensors).toEqual(plain.tensors);
    expect(withSlack.result).toMatchObject({ givenBack: 0, models: plain.result.models });
  });
});

describe("slack 1 of the discarded lets the priority model win every conflict", () => {
  seeds("seed $seed", async ({ seed }) => {
    const fixed = { method: "ties_sv", slack: 1, slackOf: "discarded", lambda: 1 } as const;
    const one = {
      ...randomCase(seed, { ...fixed, weights: [1, 1, 0.5], densities: [1, 1, 1], priority: seed % 3 }),
      outDtype: "F32" as const,
    };
    const merged = await mergeCase(one);
    expect(merged.result.givenBack).toBe(merged.result.models[seed % 3]?.discarded);
    for (const { base, models, found } of valuesOf(one, merged))
      for (const [p, value] of (models[seed % 3] as Float32Array).entries()) {
        const origin = base[p] as number;
        if (value === origin) continue;
        // Rounding may bring the merged value back to the base, but never to its other side.
        const moved = Math.sign((found[p] as number) - origin);
        expect([0, Math.sign(value - origin)]).toContain(moved + 0);
      }
  });
});

describe("tensor and model scope agree on a model of one tensor", () => {
  seeds("seed $seed", async ({ seed }) => {
    const drawn = randomCase(seed, {
      method: "ties_sv",
      weights: [1, 0.3],
      densities: [0.5, 0.2],
      priority: 1,
    });
    const largest = [...drawn.tensors].sort((a, b) => elementsOf(b) - elementsOf(a)).slice(0, 1);
    const one = { ...drawn, tensors: largest };
    const byTensor = await mergeCase(withSettings(one, { scope: "tensor" }));
    const byModel = await mergeCase(withSettings(one, { scope: "model" }));
    expect(byModel.tensors).toEqual(byTensor.tensors);
    expect(byModel.result).toMatchObject({
      models: byTensor.result.models,
      givenBack: byTensor.result.givenBack,
    });
  });
});

const elementsOf = ({ shape }: RandomTensor) => shape.reduce((product, size) => product * size, 1);

describe("many equal magnitudes", () => {
  const elementCount = 3 * 4096 + 5;
  const base = narrow("BF16", new Float32Array(elementCount).fill(1));
  /** Every task vector is +-1 step of bf16, so that all its magnitudes are tied. */
  const model = (seed: number) => {
    const random = new RandomSource(seed);
    return narrow(
      "BF16",
      Float32Array.from({ length: elementCount }, () => random.pick([1 - 2 ** -7, 1 + 2 ** -7])),
    );
  };
  const tensor = (data: Uint8Array) => ({ w: { dtype: "BF16", shape: [elementCount], data } });
  const settings = { ...randomCase(1).settings, method: "ties", weights: [1, 1], lambda: 1 } as const;

  it.each(["tensor", "model"] as const)("are counted exactly, %s scope", async (scope) => {
    for (const density of [1 / 3, 0.2, 0.01]) {
      const own = { ...settings, scope, densities: [density, 1], rescale: false };
      const { result } = await mergeModels(
        tensor(base),
        [tensor(model(1)), tensor(model(2))],
        recipeOf(own, null),
        { chunkElements: 4096 },
      );
      expect(result.models.map(({ retained }) => retained)).toEqual([
        Math.floor(density * elementCount),
        elementCount,
      ]);
    }
  });

  it("are taken evenly from start to end", async () => {
    const own = { ...settings, scope: "tensor", weights: [1], densities: [0.3], rescale: false } as const;
    const merged = await mergeModels(tensor(base), [tensor(model(3))], recipeOf(own, null), {
      chunkElements: 4096,
    });
    const found = widen("BF16", merged.tensors.w?.data as Uint8Array);
    const wanted = Math.floor(0.3 * elementCount);
    let taken = 0;
    for (const [j, value] of found.entries()) {
      taken += value === 1 ? 0 : 1;
      expect(taken).toBe(Math.floor(((j + 1) * wanted) / elementCount));
    }
  });
});
