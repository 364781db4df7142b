/** Merges into a GGUF file: the bytes of a merge into a folder, exported. */
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  exportGguf,
  type GgufType,
  type MergeOptions,
  merge,
  plan,
  type RecipeInput,
  TiesmithError,
} from "tiesmith";
import { describe, expect, it } from "vitest";
import type { FloatDtype } from "../../src/dtypes.ts";
import type { Manifest } from "../../src/execute/manifest.ts";
import { GGUF_TYPES } from "../../src/gguf/layout.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { TINYLANG, type TinyFamily, tinyCheckpoint } from "./tiny-checkpoint.ts";
import { FAMILIES } from "./tiny-families.ts";

const TYPES = Object.keys(GGUF_TYPES) as GgufType[];

function recipeOver([base, ct, sft]: readonly string[], own: Partial<RecipeInput> = {}): RecipeInput {
  return {
    merge_method: "ties_sv",
    base_model: base as string,
    models: [
      { model: ct as string, parameters: { weight: 1, density: 0.7 } },
      { model: sft as string, parameters: { weight: 1, density: 0.3 } },
    ],
    parameters: { priority: sft as string, slack: 0.04 },
    ...own,
  };
}

/** A base and two models that differ from it. */
function tinyModels(family: TinyFamily, dtype: FloatDtype): string[] {
  return [0, 0.02, 0.03].map((change, i) => tinyCheckpoint(family, { seed: 20 + i, change, dtype }).folder);
}

/** The files by either way; gives the folder that holds both. */
async function expectSame(
  recipe: RecipeInput,
  types: readonly GgufType[],
  options: Omit<MergeOptions, "out"> = {},
): Promise<string> {
  const folder = temporaryFolder();
  const merged = join(folder, "merged");
  const direct = join(folder, "merged.gguf");
  await merge(recipe, { threads: 2, ...options, out: merged });
  for (const type of types) {
    const exported = join(folder, `${type}.gguf`);
    await exportGguf(merged, { out: exported, type });
    const request = { threads: 2, ...options, out: direct, format: "gguf", type, overwrite: true } as const;
    const result = await merge(recipe, request);
    expect(result).toMatchObject({ out: direct, format: "gguf", writtenBytes: statSync(direct).size });
    expect(readFileSync(direct).equals(readFileSync(exported)), type).toBe(true);
  }
  const left = ["merged", "merged.gguf", "merged.gguf.json", ...types.map((type) => `${type}.gguf`)];
  expect(readdirSync(folder).sort()).toEqual(left.sort());
  return folder;
}

describe("has the bytes of a merge into a folder, exported", () => {
  it.each(Object.entries(FAMILIES))("of %s, in every type", { timeout: 60_000 }, async (_, family) => {
    // Smaller chunks than a head: tensors of rotated heads have chunks of their own.
    await expectSame(recipeOver(tinyModels(family, "BF16")), TYPES, { chunkElements: 4096 });
  });

  it.each(["F32", "F16"] as const)("merged to %s", async (dtype) => {
    await expectSame(recipeOver(tinyModels(FAMILIES["Gemma 2"] as TinyFamily, dtype)), TYPES);
  });

  it("by every method, over the whole model too", { timeout: 60_000 }, async () => {
    const models = ["base", "ct-x", "sft"].map((name) => join(TINYLANG, "models", name));
    const [base, ct, sft] = models as [string, string, string];
    const weighted = [ct, sft].map((model) => ({ model, parameters: { weight: 0.7 } }));
    const recipes: RecipeInput[] = [
      { merge_method: "linear", models: [base, ct].map((model) => ({ model, parameters: { weight: 0.5 } })) },
      { merge_method: "task_arithmetic", base_model: base, models: weighted, out_dtype: "bfloat16" },
      { ...recipeOver(models), out_dtype: "float16" },
      recipeOver(models, { parameters: { scope: "model", priority: sft, rescale: true } }),
    ];
    for (const recipe of recipes) await expectSame(recipe, ["q8_0"], { chunkElements: 8192 });
  });

  it("where chunks are drafted", { timeout: 60_000 }, async () => {
    // Rows of 512: the projections have 262,144 elements in 4 chunks, enough to be sampled and drafted.
    const sizes = { layers: 1, hidden: 512, feedForward: 512, headSize: 128 };
    const family = { ...(FAMILIES["GPT-2's tokenizer"] as TinyFamily), sizes };
    await expectSame(recipeOver(tinyModels(family, "BF16")), ["bf16", "q8_0"], { chunkElements: 1 << 16 });
  });
});

describe("a merge into a GGUF file", () => {
  const models = () => tinyModels(FAMILIES["Llama 3.1"] as TinyFamily, "BF16");

  it("leaves a manifest beside it that tells every tensor's place", async () => {
    const folder = await expectSame(recipeOver(models()), ["q8_0"], { sha256: true });
    const manifest: Manifest = JSON.parse(readFileSync(join(folder, "merged.gguf.json"), "utf8"));
    expect(manifest.shards).toMatchObject([
      {
        name: "merged.gguf",
        byteSize: statSync(join(folder, "merged.gguf")).size,
        sha256: expect.any(String),
      },
    ]);
    expect(manifest.files).toEqual({});
    const query = manifest.tensors.find(({ name }) => name === "model.layers.1.self_attn.q_proj.weight");
    expect(query).toMatchObject({
      dtype: "BF16",
      gguf: { name: "blk.1.attn_q.weight", type: "q8_0", byteLength: (64 * 64 * 34) / 32 },
    });
    const folderManifest: Manifest = JSON.parse(
      readFileSync(join(folder, "merged", "tiesmith.json"), "utf8"),
    );
    expect(manifest.models).toEqual(folderManifest.models);
  });

  it("goes on with an interrupted one, and merges again what has been damaged", async () => {
    const folder = temporaryFolder();
    const recipe = recipeOver(models());
    const options = { threads: 1, chunkElements: 4096, format: "gguf", type: "q8_0" } as const;
    const whole = join(folder, "whole.gguf");
    await merge(recipe, { ...options, out: whole });
    // Of another name, another header.
    const out = join(folder, "other", "whole.gguf");
    const controller = new AbortController();
    const interrupted = merge(recipe, {
      ...options,
      out,
      signal: controller.signal,
      onProgress: ({ doneTensors, totalTensors }) => doneTensors > totalTensors / 2 && controller.abort(),
    });
    await expect(interrupted).rejects.toMatchObject({ code: "INTERRUPTED", message: /--resume/ });
    expect(existsSync(out)).toBe(false);
    const partial = `${out}.partial/model.gguf`;
    const bytes = readFileSync(partial);
    // The first claimed tensor is the embedding, right behind the header.
    const manifest: Manifest = JSON.parse(readFileSync(`${whole}.json`, "utf8"));
    const embedding = manifest.tensors.find(({ gguf }) => gguf?.name === "token_embd.weight")?.gguf;
    bytes.writeUInt8(
      bytes.readUInt8((embedding?.byteOffset ?? 0) + 100) ^ 1,
      (embedding?.byteOffset ?? 0) + 100,
    );
    writeFileSync(partial, bytes);
    const result = await merge(recipe, { ...options, out, resume: true });
    expect(result.resumedTensors).toBeGreaterThan(3);
    expect(readFileSync(out).equals(readFileSync(whole))).toBe(true);
    expect(readdirSync(join(folder, "other")).sort()).toEqual(["whole.gguf", "whole.gguf.json"]);
  });

  it("replaces a file only when it is told to", async () => {
    const out = join(temporaryFolder(), "there.gguf");
    writeFileSync(out, "mine");
    const recipe = recipeOver(models());
    await expect(merge(recipe, { out, format: "gguf" })).rejects.toMatchObject({ code: "OUTPUT_EXISTS" });
    expect(readFileSync(out, "utf8")).toBe("mine");
    await merge(recipe, { out, format: "gguf", overwrite: true });
    expect(readFileSync(out, "latin1")).toMatch(/^GGUF/);
    await expect(
      merge(recipe, { out: temporaryFolder(), format: "gguf", overwrite: true }),
    ).rejects.toMatchObject({
      code: "OUTPUT_UNSAFE",
    });
  });

  const refused: [string, Partial<MergeOptions>, RegExp][] = [
    ["an unknown type", { type: "q8" as GgufType }, /did you mean q8_0\?/],
    ["an unknown format", { format: "gug" as "gguf" }, /safetensors or gguf/],
    ["a type for a folder", { format: "safetensors", type: "f16" }, /for type/],
    ["shards", { maxShardBytes: 1e9 }, /for maxShardBytes/],
    ["a model card's languages", { languages: ["si"] }, /for languages/],
  ];
  it.each(refused)("refuses %s", async (_, options, message) => {
    const out = join(temporaryFolder(), "out.gguf");
    const request = { out, format: "gguf", ...options } as const;
    await expect(merge(recipeOver(models()), request)).rejects.toMatchObject({ code: "USAGE", message });
    expect(plan(recipeOver(models()), { ...request, languages: undefined } as object).problems.length).toBe(
      options.languages === undefined ? 1 : 0,
    );
    expect(existsSync(`${out}.partial`)).toBe(false);
  });

  it("refuses an architecture that GGUF has no place for, in a plan too", async () => {
    const strange = { config: { model_type: "mamba" }, tokenizer: "pieces" } as const;
    const recipe = recipeOver(tinyModels(strange, "BF16"));
    const out = join(temporaryFolder(), "out.gguf");
    await expect(merge(recipe, { out, format: "gguf" })).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: /found mamba/,
    });
    expect(readdirSync(join(out, ".."))).toEqual([]);
    expect(plan(recipe, { out, format: "gguf" }).problems).toMatchObject([{ code: "MODEL_UNSUPPORTED" }]);
    expect(plan(recipe, { out }).problems).toEqual([]);
  });

  it("is planned with its size and types", () => {
    const report = plan(recipeOver(models()), { format: "gguf", type: "q8_0" });
    expect(report).toMatchObject({ problems: [], shardCount: 1, storedAs: ["q8_0", "f32"] });
  });

  it("refuses values that the type cannot hold, naming the tensor, and leaves nothing", async () => {
    const family = FAMILIES["Llama 2"] as TinyFamily;
    const [base, ct] = [0, 3e5].map(
      (change) => tinyCheckpoint(family, { seed: 5, change, dtype: "BF16" }).folder,
    );
    const recipe: RecipeInput = {
      merge_method: "linear",
      models: [base, ct].map((model) => ({ model: model as string, parameters: { weight: 1 } })),
    };
    const out = join(temporaryFolder(), "out.gguf");
    const error = await merge(recipe, { out, format: "gguf", type: "f16" }).catch(
      (thrown: unknown) => thrown,
    );
    expect(error).toBeInstanceOf(TiesmithError);
    expect(error).toMatchObject({
      code: "OVERFLOW",
      message: expect.stringMatching(/to fit f16, but element \d+/),
    });
    expect(readdirSync(join(out, ".."))).toEqual([]);
  });
});
