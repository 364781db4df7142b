/** What a merge writes is what model loaders need, no more and no less. */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import safetensors from "safetensors";
import { type MergeOptions, type MergeResult, merge, type RecipeInput, verify } from "tiesmith";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import {
  f32,
  type TensorData,
  temporaryFolder,
  writeJson,
  writeSafetensors,
  writeSharded,
} from "../checkpoint/safetensors-builder.ts";
import { readManifestOf } from "./merged-models.ts";
import { readTensors, type StoredTensors, storedTensors } from "./stored-tensors.ts";
import { bf16, i64 } from "./tensor-builders.ts";

const EMBEDDING = "model.embed_tokens.weight";
const NORM = "model.norm.weight";
const UP = "model.layers.0.mlp.up_proj.weight";

type Tensors = Record<string, TensorData>;
const tensors = (step: number): Tensors => ({
  [EMBEDDING]: bf16([4, 2], [1, 2, 3, 4, 5, 6, 7, 8 + step]),
  [NORM]: f32([3], [1, 1 + step, 1]),
  [UP]: bf16([2, 3], [0.5, -0.5, step, 1, 2, 3]),
});

interface ModelFiles {
  readonly tensors?: Tensors;
  readonly config?: object;
  readonly files?: Readonly<Record<string, string>>;
}

interface Workspace {
  readonly folder: string;
  readonly out: string;
  readonly merge: (options?: Partial<MergeOptions>, recipe?: Partial<RecipeInput>) => Promise<MergeResult>;
}

const CONFIG = { model_type: "llama", torch_dtype: "bfloat16", num_hidden_layers: 1 };
const TOKENIZER = { "tokenizer.json": '{"model":{"vocab":{"a":0,"b":1,"c":2,"d":3}}}' };

/** Models `base`, `ct` and `sft` in a new folder. */
function workspace(own: { base?: ModelFiles; ct?: ModelFiles; sft?: ModelFiles } = {}): Workspace {
  const folder = temporaryFolder();
  for (const [step, model] of (["base", "ct", "sft"] as const).entries()) {
    const { tensors: given, config = CONFIG, files = TOKENIZER } = own[model] ?? {};
    mkdirSync(join(folder, model));
    writeSafetensors(join(folder, model, "model.safetensors"), given ?? tensors(step));
    writeJson(join(folder, model, "config.json"), config);
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, model, name), text);
  }
  const out = join(folder, "out");
  const recipe: RecipeInput = {
    merge_method: "ties",
    base_model: join(folder, "base"),
    models: ["ct", "sft"].map((model) => ({ model: join(folder, model), parameters: { weight: 1 } })),
  };
  return {
    folder,
    out,
    merge: (options = {}, changes = {}) => merge({ ...recipe, ...changes }, { threads: 1, ...options, out }),
  };
}

const json = (folder: string, name: string) => JSON.parse(readFileSync(join(folder, name), "utf8"));

function headerOf(path: string) {
  const file = readFileSync(path);
  const dataStart = 8 + Number(file.readBigUInt64LE());
  return { file, dataStart, header: JSON.parse(file.toString("utf8", 8, dataStart)) };
}

describe("weights", () => {
  it("in one file: metadata for torch, data on a block, readable by another reader", async () => {
    const { merge: mergeHere, out } = workspace();
    await mergeHere();
    expect(readdirSync(out).sort()).toEqual([
      "README.md",
      "config.json",
      "model.safetensors",
      "tiesmith.json",
      "tokenizer.json",
    ]);
    const { file, dataStart, header } = headerOf(join(out, "model.safetensors"));
    expect(dataStart % 4096).toBe(0);
    const { __metadata__: metadata, ...entries } = header;
    expect(metadata).toEqual({ format: "pt" });
    expect(Object.keys(entries)).toEqual([NORM, EMBEDDING, UP]); // by size of the format, then by name
    expectSameForOtherReader(file, dataStart, entries, storedTensors(out));
  });

  it("in shards: names, metadata and a complete index", async () => {
    const { merge: mergeHere, out } = workspace();
    await mergeHere({ maxShardBytes: 16 });
    const shards = readdirSync(out).filter((name) => name.endsWith(".safetensors"));
    expect(shards.sort()).toEqual([1, 2, 3].map((i) => `model-0000${i}-of-00003.safetensors`));
    const placed = shards.flatMap((shard) => {
      const { header, dataStart } = headerOf(join(out, shard));
      expect(header.__metadata__).toEqual({ format: "pt" });
      expect(dataStart % 4096).toBe(0);
      return Object.keys(readTensors(join(out, shard))).map((name) => [name, shard] as const);
    });
    expect(json(out, "model.safetensors.index.json")).toEqual({
      metadata: { total_size: 16 + 12 + 12 },
      weight_map: Object.fromEntries(placed),
    });
    expect(placed.map(([name]) => name).sort()).toEqual([EMBEDDING, NORM, UP].sort());
    expect(await verify(out)).toMatchObject({ ok: true, notes: [] });
  });

  it("keep the base's formats, or take the one that the recipe asks for", async () => {
    const kept = workspace();
    await kept.merge();
    const dtypes = (stored: StoredTensors) =>
      Object.fromEntries(Object.entries(stored).map(([name, { dtype }]) => [name, dtype]));
    expect(dtypes(storedTensors(kept.out))).toEqual({ [NORM]: "F32", [EMBEDDING]: "BF16", [UP]: "BF16" });
    const asked = workspace();
    await asked.merge({}, { dtype: "float32", out_dtype: "float16" });
    expect(new Set(Object.values(dtypes(storedTensors(asked.out))))).toEqual(new Set(["F16"]));
  });

  it("of shards are read from wherever they lie", async () => {
    const { folder, merge: mergeHere, out } = workspace();
    await mergeHere();
    const whole = storedTensors(out);
    rmSync(out, { recursive: true });
    const { [NORM]: norm, ...rest } = tensors(1) as Tensors & { [NORM]: TensorData };
    rmSync(join(folder, "ct", "model.safetensors"));
    writeSharded(join(folder, "ct"), { "b.safetensors": { [NORM]: norm }, "a.safetensors": rest });
    await mergeHere();
    expect(storedTensors(out)).toEqual(whole);
  });
});

function expectSameForOtherReader(
  file: Buffer,
  dataStart: number,
  entries: Record<string, object>,
  own: StoredTensors,
): void {
  const text = Buffer.from(JSON.stringify(entries));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.byteLength));
  const other = new safetensors.SafeTensor(
    new Uint8Array(Buffer.concat([length, text, file.subarray(dataStart)])),
  );
  for (const [name, { dtype, shape }] of Object.entries(entries as Record<string, TensorData>)) {
    expect(other.metadata.get(name)).toMatchObject({ dtype, shape });
    expect(Buffer.compare(other.getTensor(name), own[name]?.data as Uint8Array)).toBe(0);
  }
}

describe("tensors that are not merged:", () => {
  const withPositions = (values: readonly bigint[]) => ({ ...tensors(0), positions: i64(values) });
  it("integers and booleans are copied when equal everywhere", async () => {
    const mask: TensorData = { dtype: "BOOL", shape: [3], data: Uint8Array.of(1, 0, 1) };
    const own = (step: number) => ({ tensors: { ...tensors(step), positions: i64([1n, 2n ** 40n]), mask } });
    const { merge: mergeHere, out } = workspace({ base: own(0), ct: own(1), sft: own(2) });
    await mergeHere({}, { out_dtype: "float16" });
    expect(storedTensors(out)).toMatchObject({ positions: i64([1n, 2n ** 40n]), mask });
    expect(await verify(out)).toMatchObject({ ok: true });
  });

  it("integers that differ are refused by name", async () => {
    const own = { tensors: withPositions([1n]) };
    const { merge: mergeHere } = workspace({ base: own, ct: own, sft: { tensors: withPositions([2n]) } });
    await expect(mergeHere()).rejects.toMatchObject({
      code: "MODELS_MISMATCH",
      message: expect.stringMatching(/positions.*sft/),
    });
  });

  it("derived buffers are dropped with a note, wherever they are", async () => {
    const name = "model.layers.0.self_attn.rotary_emb.inv_freq";
    const { merge: mergeHere, out } = workspace({
      ct: { tensors: { ...tensors(1), [name]: f32([2], [1, 0.5]) } },
    });
    const { notes } = await mergeHere();
    expect(notes).toEqual([expect.stringMatching(/ct: dropped 1 .*inv_freq buffer/)]);
    expect(Object.keys(storedTensors(out))).not.toContain(name);
  });

  it("a head that is tied to the embedding is not written", async () => {
    const config = { ...CONFIG, tie_word_embeddings: true };
    const tied = (step: number) => ({
      ...tensors(step),
      "lm_head.weight": tensors(step)[EMBEDDING] as TensorData,
    });
    const { merge: mergeHere, out } = workspace({
      base: { config, tensors: tied(0) },
      ct: { config },
      sft: { config, tensors: tied(2) },
    });
    const { tensorCount } = await mergeHere();
    expect(tensorCount).toBe(3);
    expect(Object.keys(storedTensors(out))).not.toContain("lm_head.weight");
  });

  it("a head that differs although it is tied is an error", async () => {
    const config = { ...CONFIG, tie_word_embeddings: true };
    const differing = { ...tensors(0), "lm_head.weight": bf16([4, 2], [1, 2, 3, 4, 5, 6, 7, 9]) };
    const { merge: mergeHere } = workspace({
      base: { config, tensors: differing },
      ct: { config },
      sft: { config },
    });
    await expect(mergeHere()).rejects.toMatchObject({
      code: "CHECKPOINT_INVALID",
      message: expect.stringMatching(/lm_head\.weight.*embed_tokens/),
    });
  });
});

describe("config.json", () => {
  it.each(["torch_dtype", "dtype"])("says the format under %s, as the base spells it", async (key) => {
    const { torch_dtype: _, ...config } = CONFIG;
    const base = { config: { ...config, [key]: "bfloat16", quantization_config: { bits: 4 } } };
    const { merge: mergeHere, out } = workspace({ base: { ...base, tensors: tensors(0) } });
    await mergeHere({}, { out_dtype: "float16" });
    expect(json(out, "config.json")).toEqual({ ...config, [key]: "float16" });
  });
});

describe("files that travel with the weights", () => {
  const files = {
    ...TOKENIZER,
    "generation_config.json": '{"do_sample":true}',
    "chat_template.jinja": "{{ a }}",
  };
  it("are the base's tokenizer, chat template and generation settings, byte for byte", async () => {
    const { merge: mergeHere, out } = workspace({ base: { files: { ...files, "notes.txt": "private" } } });
    await mergeHere();
    for (const [name, text] of Object.entries(files))
      expect(readFileSync(join(out, name), "utf8"), name).toBe(text);
    expect(readdirSync(out)).not.toContain("notes.txt");
  });

  it("come with the tokenizer of a model where the recipe says so", async () => {
    const template = { ...TOKENIZER, "chat_template.jinja": "{{ sft }}" };
    const { folder, merge: mergeHere, out } = workspace({ base: { files }, sft: { files: template } });
    const { notes } = await mergeHere({}, { tokenizer_source: join(folder, "sft") });
    expect(readFileSync(join(out, "chat_template.jinja"), "utf8")).toBe("{{ sft }}");
    expect(readFileSync(join(out, "generation_config.json"), "utf8")).toBe('{"do_sample":true}');
    expect(notes).toContainEqual(expect.stringMatching(/chat template of .*base differs/));
  });
});

describe("the model card", () => {
  it("has front matter with base models, method and languages", async () => {
    const { folder, merge: mergeHere, out } = workspace();
    await mergeHere({ languages: ["ta", "en"] });
    const card = readFileSync(join(out, "README.md"), "utf8");
    const [, frontMatter, body] = /^---\n(.*?)\n---\n(.*)$/s.exec(card) ?? [];
    expect(parse(frontMatter as string)).toMatchObject({
      base_model: ["base", "ct", "sft"].map((model) => join(folder, model)),
      merge_method: "ties",
      language: ["ta", "en"],
      tags: expect.arrayContaining(["merge", "ties"]),
    });
    expect(body).toMatch(/^# out\n/);
    const recipe = /```yaml\n(.*?)\n```/s.exec(body as string)?.[1];
    expect(parse(recipe as string)).toMatchObject({ merge_method: "ties", base_model: join(folder, "base") });
  });
});

describe("the manifest", () => {
  it("tells recipe, inputs, cuts, counts and hashes; what may vary stands under run", async () => {
    const { merge: mergeHere, out } = workspace();
    const result = await mergeHere({ hashInputs: true });
    const manifest = readManifestOf(out);
    expect(manifest).toMatchObject({
      method: "ties",
      scope: "tensor",
      models: result.models,
      conflicts: result.conflicts,
      hashing: { algorithm: "XXH3-128" },
      run: { threads: 1, kernel: result.kernel, resumedTensors: 0 },
    });
    const files = [manifest.inputs.base, ...manifest.inputs.models].flatMap((input) => input?.files ?? []);
    expect(files).toHaveLength(3);
    for (const file of files) expect(file).toMatchObject({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(Object.keys(manifest.files).sort()).toEqual(["README.md", "config.json", "tokenizer.json"]);
    expect(manifest.tensors.map(({ hash }) => /^[0-9a-f]{32}$/.test(hash))).toEqual([true, true, true]);
  });
});

describe("overwriting an output of tiesmith's", () => {
  it("puts the new one in its place, and leaves nothing of the old one", async () => {
    const { merge: mergeHere, out, folder } = workspace();
    await mergeHere({ maxShardBytes: 16 });
    await mergeHere({ overwrite: true }, { out_dtype: "float32" });
    expect(readdirSync(out)).not.toContain("model.safetensors.index.json");
    expect(storedTensors(out)[UP]?.dtype).toBe("F32");
    expect(readdirSync(folder).sort()).toEqual(["base", "ct", "out", "sft"]);
  });
});
