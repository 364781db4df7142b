import { mkdirSync, statSync, writeFileSync } from "node:fs";
import { basename, join, relative } from "node:path";
import { afterEach, describe, expect, it, vi } from "vitest";
import { findModel } from "../../src/checkpoint/find-model.ts";
import { type InspectOptions, inspect } from "../../src/plan/inspect.ts";
import {
  f32,
  folderWith,
  refusal,
  temporaryFolder,
  writeJson,
  writeSafetensors,
  writeSharded,
  zeros,
} from "../checkpoint/safetensors-builder.ts";

const SHARDS = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"] as const;

afterEach(() => vi.unstubAllEnvs());

/** A hub cache with one model, whose `main` and `v1` hold a tensor of that name. */
function hubCache(hubId: string): string {
  const cache = temporaryFolder();
  const model = join(cache, `models--${hubId.replaceAll("/", "--")}`);
  mkdirSync(join(model, "refs"), { recursive: true });
  for (const [i, revision] of ["main", "v1"].entries()) {
    const commit = String(i).repeat(40);
    writeFileSync(join(model, "refs", revision), commit);
    mkdirSync(join(model, "snapshots", commit), { recursive: true });
    writeSafetensors(join(model, "snapshots", commit, "model.safetensors"), { [revision]: f32([1], [1]) });
  }
  vi.stubEnv("HF_HUB_CACHE", cache);
  return cache;
}

describe("inspect", () => {
  it("tells tensors, shapes, formats, parameters and files of one file", () => {
    const folder = folderWith(
      { z: f32([2, 3], [1, 2, 3, 4, 5, 6]), half: zeros("BF16", [4], 8), a: zeros("F16", [], 2) },
      { model_type: "llama", architectures: ["LlamaForCausalLM"], num_hidden_layers: 3, vocab_size: 32 },
    );
    const { size } = statSync(join(folder, "model.safetensors"));
    const shard = "model.safetensors";
    expect(inspect(folder)).toEqual({
      folder,
      tensorCount: 3,
      parameterCount: 11,
      byteSize: size,
      dtypes: { F32: 6, BF16: 4, F16: 1 },
      shards: [{ name: shard, byteSize: size, tensorCount: 3 }],
      tensors: [
        { name: "z", dtype: "F32", shape: [2, 3], elementCount: 6, byteLength: 24, shard },
        { name: "half", dtype: "BF16", shape: [4], elementCount: 4, byteLength: 8, shard },
        { name: "a", dtype: "F16", shape: [], elementCount: 1, byteLength: 2, shard },
      ],
      config: {
        modelType: "llama",
        architectures: ["LlamaForCausalLM"],
        layerCount: 3,
        vocabSize: 32,
        tieWordEmbeddings: false,
      },
      notes: [],
    });
  });

  it("tells which shard holds which tensor, and that there is no config", () => {
    const folder = temporaryFolder();
    writeSharded(folder, {
      [SHARDS[0]]: { a: f32([1], [1]), b: f32([1], [1]) },
      [SHARDS[1]]: { c: f32([1], [1]) },
    });
    const { shards, tensors, config, byteSize } = inspect(folder);
    expect(shards.map(({ name, tensorCount }) => [name, tensorCount])).toEqual([
      [SHARDS[0], 2],
      [SHARDS[1], 1],
    ]);
    expect(tensors.map(({ name, shard }) => [name, shard])).toEqual([
      ["a", SHARDS[0]],
      ["b", SHARDS[0]],
      ["c", SHARDS[1]],
    ]);
    expect(byteSize).toBe(shards.reduce((sum, shard) => sum + shard.byteSize, 0));
    expect(config).toBeNull();
  });

  it("lists what merge would leave out or refuse, and says so", () => {
    const folder = folderWith({
      "model.layers.0.self_attn.rotary_emb.inv_freq": f32([2], [1, 2]),
      "model.layers.0.mlp.up_proj.weight": zeros("F8_E4M3", [4], 4),
      wide: zeros("F64", [1], 8),
      ids: zeros("I64", [1], 8),
    });
    const { tensorCount, notes } = inspect(folder);
    expect(tensorCount).toBe(4);
    expect(notes).toEqual([
      "1 tensor can be derived from the config: merge leaves them out",
      "merge refuses tensors stored as F8_E4M3",
      "merge refuses tensors stored as F64",
    ]);
  });

  it("counts a tied head that the file holds", () => {
    const tied = {
      "model.embed_tokens.weight": f32([2], [1, 2]),
      "lm_head.weight": f32([2], [1, 2]),
    };
    const report = inspect(folderWith(tied, { tie_word_embeddings: true }));
    expect(report).toMatchObject({ tensorCount: 2, parameterCount: 4, config: { tieWordEmbeddings: true } });
  });

  it("does not read tensors: a truncated file is refused, garbage in the data is not", () => {
    const folder = folderWith({ a: { dtype: "F32", shape: [1], data: Buffer.from([0, 0, 0xc0, 0x7f]) } });
    expect(inspect(folder).tensorCount).toBe(1);
    writeSafetensors(join(folder, "model.safetensors"), {
      a: { dtype: "F32", shape: [9], data: Buffer.alloc(4) },
    });
    expect(refusal(() => inspect(folder))).toMatchObject({ code: "CHECKPOINT_INVALID" });
  });

  it("finds a model relative to the working folder", () => {
    const folder = folderWith({ a: f32([1], [1]) });
    expect(inspect(relative(process.cwd(), folder)).folder).toBe(folder);
  });

  it("finds a hub id and a revision of it in the cache", () => {
    hubCache("org/model");
    const namesOf = (model: string) => inspect(model).tensors.map(({ name }) => name);
    expect(namesOf("org/model")).toEqual(["main"]);
    expect(namesOf("org/model@v1")).toEqual(["v1"]);
  });

  it("refuses a revision that the cache lacks with the command that downloads it", () => {
    hubCache("org/model");
    const error = refusal(() => inspect("org/model@v9"));
    expect(error.code).toBe("MODEL_NOT_FOUND");
    expect(error.message).toContain("hf download org/model --revision v9");
  });

  it("takes a folder whose name holds an @ for a folder", () => {
    const folder = join(temporaryFolder(), "model@v1");
    mkdirSync(folder);
    writeSafetensors(join(folder, "model.safetensors"), { a: f32([1], [1]) });
    vi.spyOn(process, "cwd").mockReturnValue(join(folder, ".."));
    expect([findModel(folder), findModel(basename(folder))]).toEqual([folder, folder]);
    vi.restoreAllMocks();
  });

  it("refuses what is no model", () => {
    expect(refusal(() => inspect("")).code).toBe("USAGE");
    expect(refusal(() => inspect("a\nb")).code).toBe("USAGE");
    expect(refusal(() => inspect(undefined as unknown as string)).code).toBe("USAGE");
    expect(refusal(() => inspect("no/such/model/here")).code).toBe("MODEL_NOT_FOUND");
    expect(refusal(() => inspect(temporaryFolder())).code).toBe("MODEL_NOT_FOUND");
  });

  it("refuses options that it does not have", () => {
    const folder = folderWith({ a: f32([1], [1]) });
    const error = refusal(() => inspect(folder, { deep: true } as unknown as InspectOptions));
    expect(error).toMatchObject({ code: "USAGE", details: { option: "deep" } });
  });

  it("names every broken shard", () => {
    const folder = temporaryFolder();
    writeSharded(folder, { [SHARDS[0]]: { a: f32([1], [1]) }, [SHARDS[1]]: { b: f32([1], [1]) } });
    for (const shard of SHARDS) writeFileSync(join(folder, shard), "short");
    const { message } = refusal(() => inspect(folder));
    for (const shard of SHARDS) expect(message).toContain(shard);
    writeJson(join(folder, "model.safetensors.index.json"), []);
    expect(refusal(() => inspect(folder)).code).toBe("CHECKPOINT_INVALID");
  });
});
