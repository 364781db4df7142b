/** Which tensor of a checkpoint becomes which tensor of a GGUF file. */
import type { ModelConfig } from "../checkpoint/config.ts";
import { listed } from "../checkpoint/wording.ts";
import { type Dtype, type FloatDtype, isFloatDtype } from "../dtypes.ts";
import { TiesmithError } from "../errors.ts";
import type { Family } from "./family.ts";
import type { Hyperparameters } from "./hyperparameters.ts";
import { GGUF_TYPES, type GgufTensor, type GgufType } from "./layout.ts";

/** A tensor as the model has it. */
export interface SourceTensor {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: Dtype;
}

/** A tensor of the file, and what its elements come from. */
export interface MappedTensor<S extends SourceTensor> extends GgufTensor {
  readonly source: S & { readonly dtype: FloatDtype };
  /** Rows of a head whose rows change places; null where they stay. */
  readonly rotaryHeadRows: number | null;
  /** Added to every element. */
  readonly offset: 0 | 1;
}

/** What is mapped: the tensors of a model, by its config. */
interface Model<S extends SourceTensor> {
  /** For messages. */
  readonly folder: string;
  readonly config: ModelConfig;
  readonly tensors: readonly S[];
}

const TOP = {
  "model.embed_tokens.weight": "token_embd.weight",
  "model.norm.weight": "output_norm.weight",
  "lm_head.weight": "output.weight",
} as const;
const LAYER = /^model\.layers\.(\d+)\.(.+)$/;
const OPTIONAL_BIAS = /^(self_attn\.[qkvo]_proj|mlp\.(gate|up|down)_proj)\.bias$/;
const ROTARY = /\.self_attn\.[qk]_proj\.(weight|bias)$/;

/**
 * The tensors of the file in the order of the model: embedding, layers, norm, head.
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming tensors that the architecture has no place for;
 * `CHECKPOINT_INVALID` naming those that are missing or of a shape that config.json contradicts
 */
export function mapTensors<S extends SourceTensor>(
  model: Model<S>,
  family: Family,
  shape: Hyperparameters,
  type: GgufType,
): MappedTensor<S>[] {
  const named = model.tensors.map((tensor) => ({
    tensor,
    name: nameOf(tensor.name, family),
  }));
  const strange = named.filter(({ name }) => name === null).map(({ tensor }) => tensor.name);
  if (strange.length > 0)
    throw new TiesmithError(
      "MODEL_UNSUPPORTED",
      `Expected only tensors of ${family.architecture} in ${model.folder}, but found ${listed(strange)}`,
      { folder: model.folder, tensors: strange },
    );
  const mapped = named.map(({ tensor, name }) =>
    mapTensor(model.folder, tensor, name as string, family, shape, type),
  );
  checkComplete(model, new Set(mapped.map(({ name }) => name)), family, shape);
  return mapped.sort((a, b) => rankOf(a.name) - rankOf(b.name) || compare(a.name, b.name));
}

function nameOf(name: string, family: Family): string | null {
  if (name in TOP) return TOP[name as keyof typeof TOP];
  const [, layer, rest = ""] = LAYER.exec(name) ?? [];
  const own = family.layerTensors[rest] ?? biasName(rest, family);
  return own === undefined ? null : `blk.${layer}.${own}`;
}

function biasName(rest: string, family: Family): string | undefined {
  if (!OPTIONAL_BIAS.test(rest)) return undefined;
  return family.layerTensors[rest.replace(/bias$/, "weight")]?.replace(/weight$/, "bias");
}

function mapTensor<S extends SourceTensor>(
  folder: string,
  tensor: S,
  name: string,
  family: Family,
  shape: Hyperparameters,
  wanted: GgufType,
): MappedTensor<S> {
  const expected = expectedShape(name, shape);
  const found = tensor.shape.join(" × ");
  if (expected !== null && expected.join(" × ") !== found)
    throw new TiesmithError(
      "CHECKPOINT_INVALID",
      `Expected ${tensor.name} to be ${expected.join(" × ")} by ${folder}/config.json, but found ${found}`,
      { folder, tensor: tensor.name },
    );
  const { dtype } = tensor;
  if (!isFloatDtype(dtype))
    throw new TiesmithError(
      "DTYPE_UNSUPPORTED",
      `Expected ${tensor.name} in ${folder} to hold F32, F16 or BF16, but found ${dtype}`,
    );
  const isNorm = /norm\.weight$/.test(name);
  return {
    name,
    shape: tensor.shape,
    type: typeOf(tensor.shape, wanted),
    source: { ...tensor, dtype },
    rotaryHeadRows: family.interleavedRotary && ROTARY.test(tensor.name) ? shape.headSize : null,
    offset: isNorm ? family.normOffset : 0,
  };
}

/** Norms and biases stay f32, as llama.cpp wants them; rows that are no whole blocks fall back to f16. */
function typeOf(shape: readonly number[], wanted: GgufType): GgufType {
  if (shape.length < 2) return "f32";
  return (shape.at(-1) as number) % GGUF_TYPES[wanted].blockElements === 0 ? wanted : "f16";
}

/** Null for the rows of the embedding and the head, which the vocabulary decides. */
function expectedShape(name: string, shape: Hyperparameters): readonly number[] | null {
  const { hiddenSize, feedForwardSize, headCount, keyValueHeadCount, headSize } = shape;
  const [heads, keyValueHeads] = [headCount * headSize, keyValueHeadCount * headSize];
  const part = name.replace(/^blk\.\d+\./, "");
  const weights: Readonly<Record<string, readonly number[]>> = {
    "attn_q.weight": [heads, hiddenSize],
    "attn_k.weight": [keyValueHeads, hiddenSize],
    "attn_v.weight": [keyValueHeads, hiddenSize],
    "attn_output.weight": [hiddenSize, heads],
    "attn_q.bias": [heads],
    "attn_k.bias": [keyValueHeads],
    "attn_v.bias": [keyValueHeads],
    "ffn_gate.weight": [feedForwardSize, hiddenSize],
    "ffn_up.weight": [feedForwardSize, hiddenSize],
    "ffn_down.weight": [hiddenSize, feedForwardSize],
    "attn_q_norm.weight": [headSize],
    "attn_k_norm.weight": [headSize],
  };
  return weights[part] ?? (part.endsWith("norm.weight") ? [hiddenSize] : null);
}

function checkComplete<S extends SourceTensor>(
  { folder, config }: Model<S>,
  present: ReadonlySet<string>,
  family: Family,
  { layerCount }: Hyperparameters,
): void {
  const ofLayers = Array.from({ length: layerCount }, (_, layer) =>
    Object.values(family.layerTensors).map((name) => `blk.${layer}.${name}`),
  );
  const head = config.tieWordEmbeddings ? [] : ["output.weight"];
  const wanted = ["token_embd.weight", ...ofLayers.flat(), "output_norm.weight", ...head];
  const missing = wanted.filter((name) => !present.has(name));
  const beyond = [...present].filter((name) => Number(/^blk\.(\d+)/.exec(name)?.[1] ?? -1) >= layerCount);
  if (missing.length === 0 && beyond.length === 0) return;
  const found = missing.length > 0 ? `${listed(missing)} are missing` : `there are ${listed(beyond)} too`;
  throw new TiesmithError(
    "CHECKPOINT_INVALID",
    `Expected the tensors of ${layerCount} ${family.architecture} layers in ${folder}, but ${found} (in GGUF's names)`,
    { folder, missing, beyond },
  );
}

function rankOf(name: string): number {
  const layer = /^blk\.(\d+)\./.exec(name)?.[1];
  if (layer !== undefined) return 1 + Number(layer);
  return name === "token_embd.weight" ? 0 : Number.MAX_SAFE_INTEGER;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
