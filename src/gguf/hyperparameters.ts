/** What llama.cpp must know of a model's shape, from config.json. */
import type { ModelConfig } from "../checkpoint/config.ts";
import { TiesmithError } from "../errors.ts";
import type { Family } from "./family.ts";
import { float32, type GgufValue, uint32 } from "./metadata.ts";
import { type Rope, ropeOf } from "./rope.ts";

/** The numbers that tensors and metadata are checked against. */
export interface Hyperparameters {
  readonly layerCount: number;
  readonly hiddenSize: number;
  readonly feedForwardSize: number;
  readonly headCount: number;
  readonly keyValueHeadCount: number;
  readonly headSize: number;
  readonly contextLength: number;
  readonly rope: Rope;
  /** Key without the architecture's prefix, and value. */
  readonly keys: readonly (readonly [suffix: string, value: GgufValue])[];
  /** What the file cannot say, one sentence each. */
  readonly notes: readonly string[];
}

/**
 * @throws {TiesmithError} `CHECKPOINT_INVALID` naming the key that config.json lacks; `MODEL_UNSUPPORTED` for
 * settings that llama.cpp computes otherwise
 */
export function hyperparametersOf(config: ModelConfig, family: Family, folder: string): Hyperparameters {
  const { raw } = config;
  const count = (key: string, fallback?: number): number => {
    const value = raw[key] ?? fallback;
    if (Number.isSafeInteger(value) && (value as number) > 0) return value as number;
    throw new TiesmithError(
      "CHECKPOINT_INVALID",
      `Expected ${key} in ${folder}/config.json to be a whole number above 0, but found ${JSON.stringify(value) ?? "none"}`,
      { folder, key },
    );
  };
  const hiddenSize = count("hidden_size");
  const headCount = count("num_attention_heads");
  const headSize = count("head_dim", hiddenSize / headCount);
  const sizes = {
    layerCount: count("num_hidden_layers"),
    hiddenSize,
    feedForwardSize: count("intermediate_size"),
    headCount,
    keyValueHeadCount: count("num_key_value_heads", headCount),
    headSize,
  };
  const window = attentionWindow(config, family, folder);
  const longest = count("max_position_embeddings", 2048);
  const contextLength = Math.min(longest, window ?? longest);
  const rope = ropeOf(raw, headSize, folder);
  const epsilon = typeof raw.rms_norm_eps === "number" ? raw.rms_norm_eps : 1e-6;
  const keys: Hyperparameters["keys"] = [
    ["block_count", uint32(sizes.layerCount)],
    ["context_length", uint32(contextLength)],
    ["embedding_length", uint32(hiddenSize)],
    ["feed_forward_length", uint32(sizes.feedForwardSize)],
    ["attention.head_count", uint32(headCount)],
    ["attention.head_count_kv", uint32(sizes.keyValueHeadCount)],
    ["attention.key_length", uint32(headSize)],
    ["attention.value_length", uint32(headSize)],
    ["attention.layer_norm_rms_epsilon", float32(epsilon)],
    ["rope.dimension_count", uint32(headSize)],
    ...rope.keys,
    ...(family.architecture === "gemma2" ? gemma2Keys(config, sizes, folder) : []),
  ];
  const notes =
    contextLength < longest
      ? [`cut the context to ${contextLength} tokens, the model's attention window, which GGUF cannot say`]
      : [];
  return { ...sizes, contextLength, rope, keys, notes };
}

/** Mistral's window: within it the window changes nothing. Null where there is none, or GGUF can say it. */
function attentionWindow({ raw, modelType }: ModelConfig, family: Family, folder: string): number | null {
  const { sliding_window: window } = raw;
  if (family.architecture === "gemma2" || typeof window !== "number") return null;
  // Qwen states a window that is off unless use_sliding_window says otherwise.
  if (modelType === "mistral" || raw.use_sliding_window === true) return window;
  if (window < 1) throw unsupported(folder, "sliding_window", window);
  return null;
}

function gemma2Keys(
  { raw }: ModelConfig,
  {
    headSize,
    headCount,
    hiddenSize,
    layerCount,
  }: Omit<Hyperparameters, "contextLength" | "rope" | "keys" | "notes">,
  folder: string,
): Hyperparameters["keys"] {
  const scale = raw.query_pre_attn_scalar ?? 256;
  // llama.cpp scales by the head's size, and by the hidden size per head in the model of 46 layers (27B).
  const computed = layerCount === 46 ? hiddenSize / headCount : headSize;
  if (scale !== computed) throw unsupported(folder, "query_pre_attn_scalar", scale);
  const cap = (key: string, fallback: number) => {
    const value = raw[key];
    return float32(typeof value === "number" ? value : fallback);
  };
  const window = typeof raw.sliding_window === "number" ? raw.sliding_window : 4096;
  return [
    ["attn_logit_softcapping", cap("attn_logit_softcapping", 50)],
    ["final_logit_softcapping", cap("final_logit_softcapping", 30)],
    ["attention.sliding_window", uint32(window)],
  ];
}

function unsupported(folder: string, key: string, value: unknown): TiesmithError {
  return new TiesmithError(
    "MODEL_UNSUPPORTED",
    `Expected a ${key} that llama.cpp computes with in ${folder}/config.json, but found ${JSON.stringify(value)}`,
    { folder, key, value },
  );
}
