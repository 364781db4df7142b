/** A small model of every kind that can be written as GGUF. */
import type { TinyFamily } from "./tiny-checkpoint.ts";

export const LLAMA3_PATTERN =
  "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
export const QWEN2_PATTERN = LLAMA3_PATTERN.replace("{1,3}", "");
const LLAMA3_ROPE = {
  rope_type: "llama3",
  factor: 8,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 32,
};

const gpt2 = { pattern: null, ignoreMerges: false };
/** What each kind of model adds to a small Llama. */
export const FAMILIES: Record<string, TinyFamily> = {
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
