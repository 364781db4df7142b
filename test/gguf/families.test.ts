/** Every family that can be written as GGUF computes in llama.cpp what an independent forward pass computes. */
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RankAnswer } from "../../src/evaluate/backend.ts";
import { loadLlamaModel, loadLlamaPackage, openLlama } from "../../src/evaluate/llama-package.ts";
import { LlamaText } from "../../src/evaluate/llama-text.ts";
import { exportGguf } from "../../src/gguf/export-gguf.ts";
import { temporaryFolder } from "../checkpoint/safetensors-builder.ts";
import { answersOf, openModel } from "./llama-cpp.ts";
import { referenceLogProbabilities } from "./reference-forward.ts";
import { byteLevelId, type TinyFamily, tinyCheckpoint } from "./tiny-checkpoint.ts";

const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const QWEN2_PATTERN = LLAMA3_PATTERN.replace("{1,3}", "");
const LLAMA3_ROPE = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

const gpt2 = { pattern: null, ignoreMerges: false };
const families: Record<string, TinyFamily> = {
  "Llama 2": { config: { model_type: "llama", rope_theta: 10_000 }, tokenizer: "pieces" },
  "Llama with biases, linear rope": {
    config: {
      model_type: "llama",
      rope_theta: 10_000,
      attention_bias: true,
      rope_scaling: { rope_type: "linear", factor: 4 },
    },
    tokenizer: "pieces",
  },
  "Llama 3.1": {
    config: { model_type: "llama", rope_theta: 500_000, rope_scaling: LLAMA3_ROPE },
    tokenizer: { pattern: LLAMA3_PATTERN, ignoreMerges: true },
  },
  Mistral: { config: { model_type: "mistral", rope_theta: 1e6, sliding_window: null }, tokenizer: "pieces" },
  "Qwen 2": {
    config: { model_type: "qwen2", rope_theta: 1e6, tie_word_embeddings: true, use_sliding_window: false },
    tokenizer: { pattern: QWEN2_PATTERN, ignoreMerges: false, normalizer: "NFC" },
  },
  "Qwen 3": {
    config: { model_type: "qwen3", rope_theta: 1e6 },
    tokenizer: { pattern: QWEN2_PATTERN, ignoreMerges: false },
  },
  "Gemma 1": {
    config: {
      model_type: "gemma",
      rope_theta: 10_000,
      hidden_act: "gelu_pytorch_tanh",
      tie_word_embeddings: true,
    },
    tokenizer: "pieces",
  },
  "Gemma 2": {
    config: {
      model_type: "gemma2",
      rope_theta: 10_000,
      hidden_activation: "gelu_pytorch_tanh",
      hidden_act: "gelu_pytorch_tanh",
      tie_word_embeddings: true,
      query_pre_attn_scalar: 16,
      sliding_window: 8,
      attn_logit_softcapping: 50,
      final_logit_softcapping: 30,
    },
    tokenizer: "pieces",
  },
  "GPT-2's tokenizer": { config: { model_type: "llama", rope_theta: 10_000 }, tokenizer: gpt2 },
};

/** Long enough for windows and slow frequencies to matter. */
const CONTEXT = "the old flute records the concert and the band 1234";
const CHOICES = [" the", " and the coin", " 12", "ᐁ"];

let llama: ReturnType<typeof openLlama> | undefined;
afterAll(async () => (await llama)?.dispose());

async function tokensOf(folder: string, texts: readonly string[]): Promise<number[][]> {
  const out = join(temporaryFolder(), "tokens.gguf");
  await exportGguf(folder, { out, type: "f32" });
  llama ??= openLlama(await loadLlamaPackage());
  const model = await loadLlamaModel(await llama, out);
  const text = new LlamaText(model);
  const tokens = texts.map((one) => text.encode(one).map(Number));
  await model.dispose();
  return tokens;
}

describe.each(Object.entries(families))("%s", (_, family) => {
  it("gives the log-likelihoods of an independent forward pass", { timeout: 60_000 }, async () => {
    const tiny = tinyCheckpoint(family);
    const [context = [], ...wholes] = await tokensOf(tiny.folder, [
      CONTEXT,
      ...CHOICES.map((choice) => CONTEXT + choice),
    ]);
    const session = await openModel(tiny.folder);
    const [answer] = (await answersOf(session, [{ kind: "rank", context: CONTEXT, choices: CHOICES }])) as [
      RankAnswer,
    ];
    await session.close();
    for (const [i, tokens] of wholes.entries()) {
      const logs = referenceLogProbabilities(tiny, tokens);
      let expected = 0;
      for (let at = context.length; at < tokens.length; at++)
        expected += (logs[at - 1] as number[])[tokens[at] as number] as number;
      expect(Math.abs((answer.logLikelihoods[i] as number) - expected)).toBeLessThan(1e-3);
      expect(expected).toBeLessThan(-0.5);
    }
  });
});

describe("byte-level tokenizers", () => {
  const id = byteLevelId;
  const expected: [string, TinyFamily["tokenizer"], (number | readonly number[])[]][] = [
    // GPT-2 keeps digits together, Llama 3 takes three at a time, Qwen 2 one.
    ["GPT-2", gpt2, [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("1234")]],
    [
      "Llama 3",
      { pattern: LLAMA3_PATTERN, ignoreMerges: true },
      [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("123"), id("4")],
    ],
    [
      "Qwen 2",
      { pattern: QWEN2_PATTERN, ignoreMerges: false },
      [id("<s>"), id("the"), id("Ġand"), id("Ġ"), id("1"), id("2"), id("3"), id("4")],
    ],
  ];

  it.each(expected)("of %s cut digits as theirs do", async (_, tokenizer, tokens) => {
    const { folder } = tinyCheckpoint({ config: { model_type: "llama", rope_theta: 10_000 }, tokenizer });
    expect(await tokensOf(folder, ["the and 1234"])).toEqual([tokens]);
  });

  it("of which one normalises to NFC see normalised text", async () => {
    const tokenizer = { pattern: QWEN2_PATTERN, ignoreMerges: false, normalizer: "NFC" };
    const { folder } = tinyCheckpoint({ config: { model_type: "qwen2", rope_theta: 1e6 }, tokenizer });
    // U+09DF is excluded from composition: its normal form is two characters.
    const [composed, decomposed] = await tokensOf(folder, ["\u09df", "\u09af\u09bc"]);
    expect(composed).toEqual(decomposed);
    expect(composed).toHaveLength(1 + 6);
  });
});
