/** A model as a GGUF file: its tensors' places and everything that stands before them, from config and tokenizer. */
import { interpretConfig } from "../checkpoint/config.ts";
import type { JsonObject } from "../checkpoint/json-file.ts";
import { TiesmithError } from "../errors.ts";
import { type Family, familyOf } from "./family.ts";
import { type Hyperparameters, hyperparametersOf } from "./hyperparameters.ts";
import { GGUF_TYPES, type GgufLayout, type GgufTensor, type GgufType, layOutGguf } from "./layout.ts";
import { type GgufValue, text, uint32 } from "./metadata.ts";
import { type MappedTensor, mapTensors, type SourceTensor } from "./tensors.ts";
import { tokenizerKeys } from "./tokenizer.ts";

/** A model that exists as a folder, or will when it is merged. */
export interface DescribedModel<S extends SourceTensor> {
  /** For messages. */
  readonly folder: string;
  /** `general.name` of the file. */
  readonly name: string;
  /** As in config.json; null if there is none. */
  readonly config: JsonObject | null;
  readonly tokenizerFolder: string;
  readonly tensors: readonly S[];
}

/** A tensor of the file; derived ones have values of their own instead of a source. */
export type OutputTensor<S extends SourceTensor> =
  | MappedTensor<S>
  | (GgufTensor & { readonly source: null; readonly values: readonly number[] });

export interface ModelDescription<S extends SourceTensor> {
  readonly family: Family;
  readonly shape: Hyperparameters;
  readonly layout: GgufLayout<OutputTensor<S>>;
}

/**
 * Lays out the file of a model. Reads its tokenizer, and no tensor.
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming the architecture, tensor or tokenizer; `CHECKPOINT_INVALID`;
 *   `DTYPE_UNSUPPORTED`
 */
export function describeModel<S extends SourceTensor>(
  model: DescribedModel<S>,
  type: GgufType,
): ModelDescription<S> {
  const { folder, name, tokenizerFolder } = model;
  if (model.config === null)
    throw new TiesmithError("CHECKPOINT_INVALID", `Expected a config.json in ${folder}, but found none`, {
      folder,
    });
  const config = interpretConfig(model.config);
  const family = familyOf(config, folder);
  const shape = hyperparametersOf(config, family, folder);
  const mapped = mapTensors({ folder, config, tensors: model.tensors }, family, shape, type);
  const tensors: OutputTensor<S>[] = [...mapped, ...derivedTensors(shape)];
  const rows = mapped.find((tensor) => tensor.name === "token_embd.weight")?.shape[0] ?? 0;
  const metadata = new Map<string, GgufValue>([
    ["general.architecture", text(family.architecture)],
    ["general.name", text(name)],
    ["general.file_type", uint32(GGUF_TYPES[type].fileType)],
    ["general.quantization_version", uint32(2)],
    [`${family.architecture}.vocab_size`, uint32(rows)],
    ...shape.keys.map(([suffix, value]): [string, GgufValue] => [`${family.architecture}.${suffix}`, value]),
    ...tokenizerKeys(tokenizerFolder, rows, model.config),
  ]);
  return { family, shape, layout: layOutGguf(metadata, tensors) };
}

/** Llama 3's frequencies are a tensor for llama.cpp, and a formula for transformers. */
function derivedTensors({
  rope,
}: Hyperparameters): (GgufTensor & { source: null; values: readonly number[] })[] {
  const values = rope.frequencyDivisors;
  if (values === null) return [];
  return [{ name: "rope_freqs.weight", shape: [values.length], type: "f32", source: null, values }];
}

/** The bytes of a derived tensor. */
export function derivedBytes({ values }: { readonly values: readonly number[] }): Uint8Array {
  return new Uint8Array(Float32Array.from(values).buffer);
}
