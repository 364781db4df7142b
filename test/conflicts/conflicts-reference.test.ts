/** Analyses of random models against the plain reference, and against what merging them counts. */
import { join } from "node:path";
import fc from "fast-check";
import { type ConflictsReport, type Figures, merge } from "tiesmith";
import { expect, it } from "vitest";
import { widen } from "../execute/float-formats.ts";
import { readManifestOf, recipeOf } from "../execute/merged-models.ts";
import type { RandomCase } from "../execute/random-models.ts";
import { analyse, randomConflicts, withModels } from "./analysed-models.ts";
import { type ReferenceFigures, referenceAnalysis } from "./reference-analysis.ts";

const RUNS = 40;

it(
  "an analysis of random models has the figures of the reference and the counts of the merge",
  async () => {
    const tally = { conflicts: 0, zeroVotes: 0, givenBack: 0, discarded: 0 };
    await fc.assert(
      fc.asyncProperty(fc.noShrink(fc.nat()), async (seed) => {
        const one = randomConflicts(seed);
        await withModels(one, async (folder) => {
          const report = await analyse(one, folder);
          await expectCountsOfMerge(one, folder, report);
          if (!one.settings.rescale) expectReference(one, report);
          expectSumsOfParts(report);
          tally.conflicts += report.conflicts;
          tally.zeroVotes += report.zeroVotes;
          tally.givenBack += report.givenBack;
          for (const { discarded } of report.models) tally.discarded += discarded;
        });
      }),
      { numRuns: RUNS, seed: 20240704 },
    );
    // The cases reach what they are for.
    expect(Math.min(...Object.values(tally))).toBeGreaterThan(200);
  },
  5 * 60_000,
);

async function expectCountsOfMerge(one: RandomCase, folder: string, report: ConflictsReport): Promise<void> {
  const out = join(folder, "out");
  const merged = await merge(recipeOf({ ...one.settings, lambda: 0 }, "F32")(folder), { out, threads: 1 });
  const counts = ({ models }: Figures) =>
    models.map(({ zero, retained, inConflict, discarded }) => ({ zero, retained, inConflict, discarded }));
  const names = (figures: { model: string }) => figures.model;
  expect(report.models.map(names)).toEqual(merged.models.map(names));
  expect({ conflicts: report.conflicts, givenBack: report.givenBack }).toEqual({
    conflicts: merged.conflicts,
    givenBack: merged.givenBack,
  });
  const records = new Map(readManifestOf(out).tensors.map((tensor) => [tensor.name, tensor]));
  for (const tensor of report.tensors) {
    if (tensor.parameters === 0) continue;
    const record = records.get(tensor.name);
    expect(counts(tensor)).toEqual(
      record?.models.map(({ zero, retained, inConflict, discarded }) => ({
        ...{ zero, retained, inConflict, discarded },
      })),
    );
    expect(tensor.givenBack).toBe(record?.givenBack);
  }
}

function expectReference(one: RandomCase, report: ConflictsReport): void {
  const tensors = one.tensors.map(({ name, sources }) => {
    const [base, ...models] = sources.map(({ dtype, bytes }) => widen(dtype, bytes));
    return { name, base: base as Float32Array, models };
  });
  const expected = referenceAnalysis(tensors, one.settings);
  for (const tensor of report.tensors) {
    const figures = expected.get(tensor.name) as ReferenceFigures;
    const { conflicts, zeroVotes, givenBack, largestForgiven } = tensor;
    const { models, pairs, ...totals } = figures;
    expect({ conflicts, zeroVotes, givenBack, largestForgiven }).toEqual(totals);
    for (const [m, model] of models.entries())
      for (const [key, value] of Object.entries(model))
        expectNear(`${tensor.name} ${m} ${key}`, (tensor.models[m] as never)[key], value);
    for (const [p, pair] of pairs.entries()) {
      const { before, after } = tensor.pairs[p] as Figures["pairs"][number];
      expectNear("same", before.same, pair.same);
      expectNear("opposite", before.opposite, pair.opposite);
      expectNear("same after trim", after.same, pair.sameTrimmed);
      expectNear("opposite after trim", after.opposite, pair.oppositeTrimmed);
      expectNear("cosine", before.cosine, pair.cosine);
      expectNear("cosine after trim", after.cosine, pair.cosineTrimmed);
    }
  }
}

/** Counts exactly; sums to the rounding of another order of adding. */
function expectNear(what: string, found: number | null, expected: number | null | undefined): void {
  if (expected === null || expected === undefined || Number.isInteger(expected)) {
    expect({ what, found }).toEqual({ what, found: expected ?? null });
    return;
  }
  const tolerance = 1e-12 + 1e-9 * Math.abs(expected);
  expect(Math.abs((found as number) - expected), `${what}: ${found} for ${expected}`).toBeLessThanOrEqual(
    tolerance,
  );
}

/** Counts of a whole are the sums of those of its parts, whichever way it is parted. */
function expectSumsOfParts(report: ConflictsReport): void {
  const keys = ["zero", "retained", "inConflict", "conflictsWon", "conflictsLost", "zeroVotes"] as const;
  const more = ["discarded", "discardedWithoutZeroVotes", "kept", "givenBack", "parameters"] as const;
  for (const parts of [report.tensors, report.kinds, report.modules] as readonly (readonly Figures[])[]) {
    for (const key of ["parameters", "conflicts", "zeroVotes", "givenBack"] as const)
      expect(parts.reduce((sum, part) => sum + part[key], 0)).toBe(report[key]);
    for (const [m, model] of report.models.entries())
      for (const key of [...keys, ...more])
        expect(parts.reduce((sum, part) => sum + (part.models[m]?.[key] as number), 0)).toBe(model[key]);
  }
  for (const [m, { counted, zero, bins }] of report.histograms.entries()) {
    expect(counted).toBe(report.parameters);
    // Denormals are counted with the zeros.
    expect(zero).toBeGreaterThanOrEqual(report.models[m]?.zero as number);
    expect(bins.reduce((sum, { count }) => sum + count, zero)).toBe(counted);
  }
}
