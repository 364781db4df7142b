/** Cuts of earlier merges: the same bytes and manifest, nothing measured twice, nothing trusted that is not sound. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CutCache, type MergeOptions, merge, type RecipeInput } from "tiesmith";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { readManifestOf, writeModel } from "./merged-models.ts";

const EXPECTED = join(import.meta.dirname, "../golden/exact/expected");

/** What a merge wrote, but for what may differ between two runs. */
async function merged(recipe: string | RecipeInput, options: Omit<MergeOptions, "out"> = {}) {
  const out = join(temporaryFolder(), "merged");
  const phases = new Set<string>();
  const onProgress: MergeOptions["onProgress"] = ({ phase }) => phases.add(phase);
  const { notes } = await merge(recipe, { threads: 2, ...options, out, onProgress });
  const { run: _, checksum: __, files: ___, ...manifest } = readManifestOf(out);
  const weights = createHash("sha256")
    .update(readFileSync(join(out, "model.safetensors")))
    .digest("hex");
  return { written: { weights, manifest }, notes, measures: phases.has("measure") };
}

/** Counts what is asked of a cache. */
class CountingCache extends CutCache {
  known = 0;
  unknown = 0;
  kept = 0;

  override get(key: string): unknown {
    const found = super.get(key);
    if (found === undefined) this.unknown += 1;
    else this.known += 1;
    return found;
  }

  override set(key: string, value: unknown): void {
    this.kept += 1;
    super.set(key, value);
  }
}

/** Models large enough for samples, drafts and several chunks: 300,000 and 70,000 elements. */
function randomModels(): string {
  const folder = temporaryFolder();
  for (const [i, name] of ["base", "ct", "sft"].entries()) {
    let state = i + 1;
    const words = (count: number) =>
      Uint16Array.from({ length: count }, () => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return ((state >>> 16) & 0x8000) | (0x3c00 + ((state >>> 12) & 0x3ff));
      });
    const tensor = (count: number) => ({
      dtype: "BF16",
      shape: [count],
      data: new Uint8Array(words(count).buffer),
    });
    writeModel(join(folder, name), { a: tensor(300_000), b: tensor(70_000), c: tensor(100), d: tensor(0) });
  }
  return folder;
}

function svRecipe(
  folder: string,
  densities: readonly [number, number],
  parameters: Record<string, unknown> = {},
): RecipeInput {
  return {
    merge_method: "ties_sv",
    base_model: join(folder, "base"),
    models: ["ct", "sft"].map((name, i) => ({
      model: join(folder, name),
      parameters: { weight: 1, density: densities[i] as number },
    })),
    parameters: { priority: join(folder, "sft"), slack: 0.04, ...parameters },
  };
}

describe("a merge with cuts of an earlier one has the same bytes and manifest", () => {
  it.each(readdirSync(EXPECTED))("%s", async (name) => {
    const recipe = join(EXPECTED, name, "recipe.yaml");
    const isTies = String(parse(readFileSync(recipe, "utf8")).merge_method).startsWith("ties");
    const cuts = new CountingCache();
    const without = await merged(recipe);
    const first = await merged(recipe, { cuts });
    const kept = cuts.kept;
    const second = await merged(recipe, { cuts });
    expect(first.written).toEqual(without.written);
    expect(second.written).toEqual(without.written);
    // Nothing of the second merge was unknown.
    expect(kept > 0).toBe(isTies);
    expect(cuts.kept).toBe(kept);
    expect(second.measures).toBe(false);
  });

  it.each(["tensor", "model"])("of several chunks, by the scope of a %s", async (scope) => {
    const folder = randomModels();
    const cuts = new CutCache();
    const options = { chunkElements: 1 << 16 };
    const settings = [
      {},
      { rescale: true },
      { zero_sign: "majority" },
      { lambda: 1.5 },
      { normalize: false },
    ];
    for (const own of settings) {
      const recipe = svRecipe(folder, [0.6, 0.2], { scope, ...own });
      const without = await merged(recipe, options);
      for (const _ of ["unknown", "known"])
        expect((await merged(recipe, { ...options, cuts })).written, JSON.stringify(own)).toEqual(
          without.written,
        );
    }
  });
});

describe("what is measured again", () => {
  it("is an election whose weights differ in one tensor", async () => {
    const folder = randomModels();
    const cuts = new CountingCache();
    for (const scope of ["tensor", "model"])
      for (const weight of [1, 0.4]) {
        const { models, ...rest } = svRecipe(folder, [0.6, 0.2], { scope });
        const weights = [{ filter: "b", value: weight }, { value: 1 }];
        const weighted = models?.map((model) => ({
          ...model,
          parameters: { ...model.parameters, weight: String(model.model).endsWith("ct") ? weights : 1 },
        }));
        const recipe = { ...rest, models: weighted } as RecipeInput;
        const before = cuts.kept;
        expect((await merged(recipe, { cuts })).written).toEqual((await merged(recipe)).written);
        expect(cuts.kept - before).toBe(weight === 1 ? 3 : 1);
      }
  });

  it("is in a grid of densities one of each model, and every election", async () => {
    const folder = randomModels();
    const cuts = new CountingCache();
    const densities = [0.2, 0.6];
    for (const a of densities)
      for (const b of densities) {
        const recipe = svRecipe(folder, [a, b]);
        expect((await merged(recipe, { cuts })).written).toEqual((await merged(recipe)).written);
      }
    // Two densities of two models, and four slack cuts.
    expect(cuts.kept).toBe(2 + 2 + 4);
    // Lambda comes after the election.
    await merged(svRecipe(folder, [0.2, 0.6], { lambda: 1.5 }), { cuts });
    expect(cuts.kept).toBe(8);
    await merged(svRecipe(folder, [0.2, 0.6], { slack: 0.05 }), { cuts });
    expect(cuts.kept).toBe(9);
  });

  it("is everything of an input that was written anew, and of other chunks", async () => {
    const folder = randomModels();
    const cuts = new CountingCache();
    const recipe = svRecipe(folder, [0.5, 0.5]);
    await merged(recipe, { cuts });
    expect(cuts.kept).toBe(3);
    utimesSync(join(folder, "ct", "model.safetensors"), 1000, 1000);
    await merged(recipe, { cuts });
    // The other model's trims stay.
    expect(cuts.kept).toBe(5);
    await merged(recipe, { cuts, chunkElements: 4096 });
    expect(cuts.kept).toBe(8);
  });

  it("is nothing after a merge that failed or was interrupted", async () => {
    const folder = randomModels();
    const cuts = new CountingCache();
    const controller = new AbortController();
    const interrupted = merge(svRecipe(folder, [0.5, 0.5]), {
      out: join(temporaryFolder(), "merged"),
      cuts,
      signal: controller.signal,
      onProgress: ({ doneTensors }) => doneTensors > 1 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED" });
    expect(cuts.kept).toBe(0);
  });
});

describe("a folder of cuts", () => {
  it("serves other caches, and is not believed where it is damaged", async () => {
    const folder = randomModels();
    const kept = join(temporaryFolder(), "deep", "cuts");
    const recipe = svRecipe(folder, [0.3, 0.7]);
    const without = await merged(recipe);
    await merged(recipe, { cuts: kept });
    const names = readdirSync(kept).sort();
    expect(names).toHaveLength(3);
    const other = new CountingCache(kept);
    expect((await merged(recipe, { cuts: other })).written).toEqual(without.written);
    expect(other).toMatchObject({ kept: 0, unknown: 0 });
    for (const name of names) {
      const text = readFileSync(join(kept, name), "utf8");
      writeFileSync(
        join(kept, name),
        text.replace(/\d(?=\D*\n$)/, (digit) => String((Number(digit) + 1) % 10)),
      );
    }
    const third = new CountingCache(kept);
    expect((await merged(recipe, { cuts: third })).written).toEqual(without.written);
    expect(third.kept).toBe(3);
    expect(readdirSync(kept).sort()).toEqual(names);
  });

  it("that cannot be made is refused before anything is read", async () => {
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    const out = join(temporaryFolder(), "out");
    const recipe = svRecipe(randomModels(), [1, 1]);
    await expect(merge(recipe, { out, cuts: join(file, "cuts") })).rejects.toMatchObject({
      code: "IO_FAILED",
    });
    await expect(merge(recipe, { out, cuts: 7 as unknown as string })).rejects.toMatchObject({
      code: "USAGE",
    });
  });

  it("that vanishes fails no merge, and is told", async () => {
    const kept = join(temporaryFolder(), "cuts");
    const cuts = new CutCache(kept);
    rmSync(kept, { recursive: true });
    const { notes } = await merged(svRecipe(randomModels(), [0.5, 0.5]), { cuts });
    expect(notes).toEqual([expect.stringMatching(/^the cuts could not be kept: /)]);
  });
});
