/** A model's `config.json`, as transformers 4 and 5 write it. */

import { join } from "node:path";
import { type FloatDtype, TORCH_NAMES } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import { isJsonObject, type JsonObject, readJsonObject } from "./json-file.ts";

/** What a merge needs to know of a model's config; multimodal models keep it under `text_config`. */
export interface ModelConfig {
  /** The file as it is, keys in their order. */
  readonly raw: JsonObject;
  readonly layerCount: number | null;
  readonly tieWordEmbeddings: boolean;
  readonly vocabSize: number | null;
  readonly modelType: string | null;
  readonly architectures: readonly string[];
}

const LAYER_COUNT_KEYS = ["num_hidden_layers", "n_layer", "n_layers", "num_layers"] as const;

// transformers leaves a key out of config.json when it has the default; for these types that is "tied".
const TIED_BY_DEFAULT = /^(gemma\d*(_text)?|gpt2|opt|bloom|cohere2?)$/;

// transformers 4 writes torch_dtype, transformers 5 dtype.
const DTYPE_KEYS = ["torch_dtype", "dtype"] as const;

// Real configs have four levels. `JSON.parse` takes in any number, but the merged model's config is written again,
// and `JSON.stringify` ends in a RangeError some thousands of levels down.
const NESTING_LIMIT = 100;

/**
 * Reads the config of a model folder; null if it has none.
 *
 * @throws CHECKPOINT_INVALID if it is not a JSON object, or nested more than 100 deep; NO_PERMISSION
 */
export function readConfig(folder: string): ModelConfig | null {
  const path = join(folder, "config.json");
  const raw = readJsonObject(path, { what: "a config", uniqueDepth: 0 });
  if (raw === null) return null;
  if (isNestedBeyond(raw, NESTING_LIMIT)) {
    const message = `Expected a config nested at most ${NESTING_LIMIT} deep in ${path}, but it is deeper; download the model again`;
    throw new TiesmithError("CHECKPOINT_INVALID", message, { path });
  }
  return interpretConfig(raw);
}

function isNestedBeyond(value: unknown, limit: number): boolean {
  if (typeof value !== "object" || value === null) return false;
  return limit === 0 || Object.values(value).some((item) => isNestedBeyond(item, limit - 1));
}

/** What a config says, whichever keys it says it with. */
export function interpretConfig(raw: JsonObject): ModelConfig {
  const text = isJsonObject(raw.text_config) ? raw.text_config : {};
  const modelType = stringOf(raw.model_type);
  const tie = [text.tie_word_embeddings, raw.tie_word_embeddings].find((value) => typeof value === "boolean");
  return {
    raw,
    layerCount: firstCount(LAYER_COUNT_KEYS.flatMap((key) => [raw[key], text[key]])),
    tieWordEmbeddings: tie ?? TIED_BY_DEFAULT.test(modelType ?? ""),
    vocabSize: firstCount([raw.vocab_size, text.vocab_size]),
    modelType,
    architectures: Array.isArray(raw.architectures)
      ? raw.architectures.filter((name) => typeof name === "string")
      : [],
  };
}

/**
 * A config for weights stored in `dtype`: the dtype stands under the keys that the config spells it with, in
 * nested configs too (`torch_dtype` if it spells none), and `quantization_config` is gone. The given config is
 * not changed.
 */
export function patchedConfig(raw: JsonObject, dtype: FloatDtype): JsonObject {
  const patched = patchDtype(raw, TORCH_NAMES[dtype]);
  let isSpelt = DTYPE_KEYS.some((key) => key in patched);
  for (const [key, nested] of Object.entries(patched)) {
    if (!key.endsWith("_config") || !isJsonObject(nested)) continue;
    patched[key] = patchDtype(nested, TORCH_NAMES[dtype]);
    isSpelt ||= DTYPE_KEYS.some((dtypeKey) => dtypeKey in nested);
  }
  if (!isSpelt) patched.torch_dtype = TORCH_NAMES[dtype];
  return patched;
}

function patchDtype(config: JsonObject, torchName: string): JsonObject {
  const patched = { ...config };
  delete patched.quantization_config;
  for (const key of DTYPE_KEYS) if (key in patched) patched[key] = torchName;
  return patched;
}

function firstCount(values: readonly unknown[]): number | null {
  const count = values.find((value) => Number.isSafeInteger(value) && (value as number) >= 0);
  return count === undefined ? null : (count as number);
}

function stringOf(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}
