import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { interpretConfig, patchedConfig, readConfig } from "../../src/checkpoint/config.ts";
import { refusal, temporaryFolder, writeJson } from "./safetensors-builder.ts";

describe("a config", () => {
  it("gives what a merge needs", () => {
    const folder = temporaryFolder();
    const raw = {
      architectures: ["LlamaForCausalLM"],
      model_type: "llama",
      num_hidden_layers: 32,
      vocab_size: 32000,
      tie_word_embeddings: false,
    };
    writeJson(join(folder, "config.json"), raw);
    expect(readConfig(folder)).toEqual({
      raw,
      layerCount: 32,
      tieWordEmbeddings: false,
      vocabSize: 32000,
      modelType: "llama",
      architectures: ["LlamaForCausalLM"],
    });
  });
  it("is null where there is none", () => {
    expect(readConfig(temporaryFolder())).toBeNull();
  });
  it("may say nothing", () => {
    expect(interpretConfig({})).toMatchObject({
      layerCount: null,
      tieWordEmbeddings: false,
      vocabSize: null,
      modelType: null,
      architectures: [],
    });
  });
  it.each([
    { num_hidden_layers: 3 },
    { n_layer: 3 },
    { n_layers: 3 },
    { text_config: { num_hidden_layers: 3 } },
  ])("counts layers in %o", (raw) => {
    expect(interpretConfig(raw).layerCount).toBe(3);
  });
  it.each([{ num_hidden_layers: "3" }, { num_hidden_layers: 2.5 }, { num_hidden_layers: -1 }])(
    "does not take %o for a layer count",
    (raw) => {
      expect(interpretConfig(raw).layerCount).toBeNull();
    },
  );
  it("ties embeddings where it says so, in text_config first, or where its type does by default", () => {
    expect(interpretConfig({ tie_word_embeddings: true }).tieWordEmbeddings).toBe(true);
    expect(
      interpretConfig({ tie_word_embeddings: false, text_config: { tie_word_embeddings: true } })
        .tieWordEmbeddings,
    ).toBe(true);
    expect(interpretConfig({ model_type: "gemma2" }).tieWordEmbeddings).toBe(true);
    expect(interpretConfig({ model_type: "gemma2", tie_word_embeddings: false }).tieWordEmbeddings).toBe(
      false,
    );
    expect(interpretConfig({ model_type: "llama" }).tieWordEmbeddings).toBe(false);
  });
  it.each([
    ["not JSON", "{"],
    ["a list", "[]"],
    ["null", "null"],
  ])("that is %s is refused", (_, text) => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config.json"), text);
    const error = refusal(() => readConfig(folder));
    expect(error.code).toBe("CHECKPOINT_INVALID");
    expect(error.message).toContain(join(folder, "config.json"));
  });
});

describe("a patched config", () => {
  it.each([
    ["torch_dtype where the base has that", { torch_dtype: "float32" }, { torch_dtype: "bfloat16" }],
    ["dtype where the base has that", { dtype: "float32" }, { dtype: "bfloat16" }],
    [
      "both where the base has both",
      { dtype: "float32", torch_dtype: "float32" },
      { dtype: "bfloat16", torch_dtype: "bfloat16" },
    ],
    ["torch_dtype where the base has neither", { a: 1 }, { a: 1, torch_dtype: "bfloat16" }],
    [
      "dtype in nested configs",
      { dtype: "float32", text_config: { dtype: "float32", a: 1 } },
      { dtype: "bfloat16", text_config: { dtype: "bfloat16", a: 1 } },
    ],
    [
      "dtype in nested configs only",
      { text_config: { torch_dtype: "float32" } },
      { text_config: { torch_dtype: "bfloat16" } },
    ],
    ["torch_dtype where the base has null", { torch_dtype: null }, { torch_dtype: "bfloat16" }],
  ])("spells %s", (_, raw, expected) => {
    const before = structuredClone(raw);
    expect(patchedConfig(raw, "BF16")).toEqual(expected);
    expect(raw).toEqual(before);
  });
  it("drops quantization_config, keeps the order of the keys", () => {
    const raw = {
      z: 1,
      quantization_config: { bits: 4 },
      torch_dtype: "float16",
      a: { dtype: "kept" },
      text_config: { quantization_config: {} },
    };
    expect(JSON.stringify(patchedConfig(raw, "F32"))).toBe(
      '{"z":1,"torch_dtype":"float32","a":{"dtype":"kept"},"text_config":{}}',
    );
  });
});

describe("a config nested too deep to be written again", () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  it("is refused when it is read, not when the merge is sealed", () => {
    const folder = temporaryFolder();
    writeFileSync(join(folder, "config.json"), nested(100));
    expect(readConfig(folder)?.modelType).toBeNull();
    for (const levels of [101, 100_000]) {
      writeFileSync(join(folder, "config.json"), nested(levels));
      const { code, message } = refusal(() => readConfig(folder));
      expect(code).toBe("CHECKPOINT_INVALID");
      expect(message).toContain("nested at most 100 deep");
    }
  });
});
