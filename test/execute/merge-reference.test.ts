/** Merges of random models and settings against the plain reference: every bit, every count, every cut. */
import fc from "fast-check";
import { expect, it } from "vitest";
import { narrow, widen } from "./float-formats.ts";
import type { MergedModels } from "./merged-models.ts";
import { mergeCase, outputOf } from "./random-merges.ts";
import { type RandomCase, type RandomTensor, randomCase } from "./random-models.ts";
import { type ReferenceOutput, referenceMerge } from "./reference-merge.ts";

const RUNS = 150;

it(
  "a merge of random models has the bytes, counts and cuts of the reference",
  async () => {
    const tally = { elements: 0, discarded: 0, givenBack: 0, ties: 0 };
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.nat()), async (seed) => {
        const one = randomCase(seed);
        const merged = await mergeCase(one);
        for (const expected of referenceOf(one)) {
          expectTensor(expected, one, merged);
          tally.elements += expected.values.length;
          tally.givenBack += expected.givenBack;
          for (const { discarded } of expected.models) tally.discarded += discarded;
          for (const trim of expected.trims)
            tally.ties += typeof trim === "string" ? 0 : trim.tied - trim.taken;
        }
      }),
      { numRuns: RUNS, seed: 20240704 },
    );
    // The cases reach what they are for.
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(500);
  },
  5 * 60_000,
);

function referenceOf(one: RandomCase): ReferenceOutput[] {
  const tensors = one.tensors.map((tensor) => {
    const [base, ...models] = tensor.sources.map(({ dtype, bytes }) => widen(dtype, bytes));
    return { name: tensor.name, output: outputOf(tensor, one), base: base as Float32Array, models };
  });
  return referenceMerge(tensors, one.settings);
}

function expectTensor(expected: ReferenceOutput, one: RandomCase, { tensors, manifest }: MergedModels): void {
  const tensor = one.tensors.find(({ name }) => name === expected.name) as RandomTensor;
  const dtype = outputOf(tensor, one);
  const found = tensors[expected.name];
  expect(found).toMatchObject({ dtype, shape: tensor.shape });
  const bytes = narrow(dtype, expected.values);
  if (Buffer.compare(found?.data as Uint8Array, bytes) !== 0)
    expect({ name: expected.name, values: widen(dtype, found?.data as Uint8Array) }).toEqual({
      name: expected.name,
      values: widen(dtype, bytes),
    });
  if (expected.values.length === 0) return; // nothing to count
  const record = manifest.tensors.find(({ name }) => name === expected.name);
  const countsOf = (models: typeof expected.models) =>
    models.map(({ zero, retained, inConflict, discarded }) => ({ zero, retained, inConflict, discarded }));
  expect(countsOf(record?.models ?? [])).toEqual(expected.models);
  expect(record).toMatchObject({ conflicts: expected.conflicts, givenBack: expected.givenBack });
  if (one.settings.scope === "tensor" && expected.trims.length > 0)
    expect(record?.models.map(({ trim }) => trim)).toEqual(expected.trims);
}
