/** Small models of every family, with random weights and a tokenizer each. */
import { copyFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { FloatDtype } from "../../src/dtypes.ts";
import { narrow } from "../../src/gguf/elements.ts";
import {
  f32,
  type TensorData,
  temporaryFolder,
  writeSafetensors,
} from "../checkpoint/safetensors-builder.ts";

export const TINYLANG = resolve(import.meta.dirname, "../../examples/tinylang");

/** Weights by name, rows first. */
export type Weights = ReadonlyMap<
  string,
  { readonly shape: readonly number[]; readonly values: Float32Array }
>;

export interface TinyModel {
  readonly folder: string;
  readonly config: Record<string, unknown>;
  readonly weights: Weights;
}

const SIZES = { layers: 2, hidden: 64, heads: 4, keyValueHeads: 2, headSize: 16, feedForward: 96 };

type Sizes = typeof SIZES;

const COMMON = {
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
  hidden_act: "silu",
  tie_word_embeddings: false,
  bos_token_id: 1,
  eos_token_id: 2,
};

/** What a family adds to the Llama's tensors and settings. */
export interface TinyFamily {
  readonly sizes?: Partial<Sizes>;
  readonly config: Record<string, unknown>;
  readonly tokenizer:
    | "pieces"
    | { readonly pattern: string | null; readonly ignoreMerges: boolean; readonly normalizer?: string };
}

/** Writes a model folder with deterministic random weights; `change` adds noise of this size to those of seed 7. */
export function tinyCheckpoint(
  { config: own, tokenizer, sizes: ownSizes }: TinyFamily,
  { seed = 7, change = 0, dtype = "F32" as FloatDtype } = {},
): TinyModel {
  const folder = temporaryFolder();
  const vocab = tokenizer === "pieces" ? 960 : byteLevelTokens().length;
  const sizes = { ...SIZES, ...ownSizes };
  const config = { ...COMMON, ...configOf(sizes), vocab_size: vocab, ...own };
  const weights = new Map<string, { shape: readonly number[]; values: Float32Array }>();
  const random = randomNumbers(7);
  const noise = randomNumbers(seed);
  const add = (name: string, shape: readonly number[], centre = 0, scale = 0.3) => {
    const count = shape.reduce((product, size) => product * size, 1);
    const values = Float32Array.from({ length: count }, () => {
      return centre + scale * random() + (change === 0 ? 0 : change * noise());
    });
    weights.set(name, { shape, values });
  };
  const isGemma = String(own.model_type).startsWith("gemma");
  const norm = (name: string, size = sizes.hidden) => add(name, [size], isGemma ? 0 : 1, 0.2);
  add("model.embed_tokens.weight", [vocab, sizes.hidden], 0, isGemma ? 0.1 : 0.5);
  for (let layer = 0; layer < sizes.layers; layer++)
    addLayer(`model.layers.${layer}.`, own, sizes, add, norm);
  norm("model.norm.weight");
  if (config.tie_word_embeddings === false) add("lm_head.weight", [vocab, sizes.hidden]);
  const tensors: Record<string, TensorData> = {};
  for (const [name, { shape, values }] of weights) tensors[name] = stored(dtype, shape, values);
  writeSafetensors(join(folder, "model.safetensors"), tensors);
  writeFileSync(join(folder, "config.json"), JSON.stringify(config));
  if (tokenizer === "pieces") {
    for (const name of ["tokenizer.model", "tokenizer_config.json"])
      copyFileSync(join(TINYLANG, "models/base", name), join(folder, name));
  } else writeByteLevelTokenizer(folder, tokenizer);
  return { folder, config, weights };
}

function configOf({ layers, hidden, heads, keyValueHeads, headSize, feedForward }: Sizes) {
  return {
    hidden_size: hidden,
    intermediate_size: feedForward,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyValueHeads,
    head_dim: headSize,
  };
}

function stored(dtype: FloatDtype, shape: readonly number[], values: Float32Array): TensorData {
  if (dtype === "F32") return f32(shape, [...values]);
  const narrowed = narrow(values, dtype === "F16" ? "f16" : "bf16");
  return { dtype, shape, data: new Uint8Array(narrowed) };
}

type Add = (name: string, shape: readonly number[], centre?: number, scale?: number) => void;

function addLayer(
  prefix: string,
  own: Record<string, unknown>,
  { hidden, heads, keyValueHeads, headSize, feedForward }: Sizes,
  add: Add,
  norm: (name: string, size?: number) => void,
) {
  const type = own.model_type;
  const projections = { q: heads, k: keyValueHeads, v: keyValueHeads };
  for (const [name, count] of Object.entries(projections)) {
    add(`${prefix}self_attn.${name}_proj.weight`, [count * headSize, hidden]);
    if (type === "qwen2" || own.attention_bias === true)
      add(`${prefix}self_attn.${name}_proj.bias`, [count * headSize]);
    if (type === "qwen3" && name !== "v") norm(`${prefix}self_attn.${name}_norm.weight`, headSize);
  }
  add(`${prefix}self_attn.o_proj.weight`, [hidden, heads * headSize]);
  if (own.attention_bias === true) add(`${prefix}self_attn.o_proj.bias`, [hidden]);
  for (const name of ["gate", "up"]) add(`${prefix}mlp.${name}_proj.weight`, [feedForward, hidden]);
  add(`${prefix}mlp.down_proj.weight`, [hidden, feedForward]);
  norm(`${prefix}input_layernorm.weight`);
  norm(`${prefix}post_attention_layernorm.weight`);
  if (type === "gemma2") {
    norm(`${prefix}pre_feedforward_layernorm.weight`);
    norm(`${prefix}post_feedforward_layernorm.weight`);
  }
}

const MERGES = ["t h", "th e", "1 2", "12 3", "123 4", "Ġ a", "n d", "Ġa nd"];

/** Special tokens, 256 bytes in GPT-2's characters, then what the merges make. */
function byteLevelTokens(): string[] {
  const characters: string[] = [];
  for (let byte = 0, moved = 0; byte < 256; byte++) {
    const isPrintable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xff && byte !== 0xad);
    characters.push(String.fromCodePoint(isPrintable ? byte : 256 + moved++));
  }
  return ["<unk>", "<s>", "</s>", ...characters, ...MERGES.map((merge) => merge.replace(" ", ""))];
}

function writeByteLevelTokenizer(
  folder: string,
  tokenizer: Exclude<TinyFamily["tokenizer"], "pieces">,
): void {
  const { pattern, ignoreMerges, normalizer } = tokenizer;
  const byteLevel = { type: "ByteLevel", add_prefix_space: false, use_regex: pattern === null };
  const split = { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
  const special = (id: number, content: string) => ({ id, content, special: true });
  const json = {
    added_tokens: [special(0, "<unk>"), special(1, "<s>"), special(2, "</s>")],
    normalizer: normalizer === undefined ? null : { type: normalizer },
    pre_tokenizer: pattern === null ? byteLevel : { type: "Sequence", pretokenizers: [split, byteLevel] },
    post_processor: {
      type: "TemplateProcessing",
      single: [{ SpecialToken: { id: "<s>", type_id: 0 } }, { Sequence: { id: "A", type_id: 0 } }],
    },
    model: {
      type: "BPE",
      vocab: Object.fromEntries(byteLevelTokens().map((token, id) => [token, id])),
      merges: MERGES,
      ignore_merges: ignoreMerges,
    },
  };
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(json));
  const settings = { bos_token: "<s>", eos_token: "</s>", tokenizer_class: "PreTrainedTokenizerFast" };
  writeFileSync(join(folder, "tokenizer_config.json"), JSON.stringify(settings));
}

/** The id of a token of the byte-level vocabulary. */
export function byteLevelId(token: string): number {
  return byteLevelTokens().indexOf(token);
}

/** Roughly normal numbers: the sum of twelve uniform ones, less six. */
export function randomNumbers(seed: number): () => number {
  let state = seed;
  const uniform = () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  return () => {
    let sum = -6;
    for (let i = 0; i < 12; i++) sum += uniform();
    return sum;
  };
}
