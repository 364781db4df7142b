import { closeSync, ftruncateSync, mkdirSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import path from "node:path";

const BF16_BYTES = 2;
/** As transformers splits checkpoints. */
const LARGEST_SHARD_BYTES = 5e9;

/**
 * A Llama checkpoint in bf16 with the right config, headers and sizes whose tensors are holes: all zeros, and next to
 * nothing on the disk. For whatever reads headers only, and for merges whose arithmetic does not matter.
 *
 * @param {string} folder made anew
 * @param {import("./llama-shapes.mjs").LlamaShape} shape
 */
export function makeSparseModel(folder, shape) {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(path.join(folder, "config.json"), `${JSON.stringify(configOf(shape), null, 2)}\n`);
  const shards = splitTensors(listTensors(shape));
  const weightMap = {};
  for (const [index, tensors] of shards.entries()) {
    const name = `model-${numbered(index + 1)}-of-${numbered(shards.length)}.safetensors`;
    writeSparseShard(path.join(folder, name), tensors);
    for (const tensor of tensors) weightMap[tensor.name] = name;
  }
  const index = { metadata: {}, weight_map: weightMap };
  writeFileSync(path.join(folder, "model.safetensors.index.json"), JSON.stringify(index));
}

function configOf({ hidden, layerCount, intermediate, headCount, kvHeadCount, vocab }) {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: hidden,
    num_hidden_layers: layerCount,
    intermediate_size: intermediate,
    num_attention_heads: headCount,
    num_key_value_heads: kvHeadCount,
    vocab_size: vocab,
    torch_dtype: "bfloat16",
  };
}

function listTensors({ hidden, layerCount, intermediate, headCount, kvHeadCount, vocab }) {
  const kv = (hidden / headCount) * kvHeadCount;
  const layer = {
    "input_layernorm.weight": [hidden],
    "mlp.down_proj.weight": [hidden, intermediate],
    "mlp.gate_proj.weight": [intermediate, hidden],
    "mlp.up_proj.weight": [intermediate, hidden],
    "post_attention_layernorm.weight": [hidden],
    "self_attn.k_proj.weight": [kv, hidden],
    "self_attn.o_proj.weight": [hidden, hidden],
    "self_attn.q_proj.weight": [hidden, hidden],
    "self_attn.v_proj.weight": [kv, hidden],
  };
  const layers = Array.from({ length: layerCount }, (_, index) =>
    Object.entries(layer).map(([name, shape]) => ({ name: `model.layers.${index}.${name}`, shape })),
  );
  return [
    { name: "model.embed_tokens.weight", shape: [vocab, hidden] },
    ...layers.flat(),
    { name: "model.norm.weight", shape: [hidden] },
    { name: "lm_head.weight", shape: [vocab, hidden] },
  ];
}

function splitTensors(tensors) {
  const shards = [[]];
  let bytes = 0;
  for (const tensor of tensors) {
    const own = byteSize(tensor);
    if (bytes + own > LARGEST_SHARD_BYTES) {
      shards.push([]);
      bytes = 0;
    }
    shards.at(-1).push(tensor);
    bytes += own;
  }
  return shards;
}

function writeSparseShard(file, tensors) {
  let end = 0;
  const entries = tensors.map((tensor) => {
    const start = end;
    end += byteSize(tensor);
    return [tensor.name, { dtype: "BF16", shape: tensor.shape, data_offsets: [start, end] }];
  });
  const header = Buffer.from(
    JSON.stringify({ __metadata__: { format: "pt" }, ...Object.fromEntries(entries) }),
  );
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(header.length));
  const descriptor = openSync(file, "w");
  try {
    writeSync(descriptor, Buffer.concat([length, header]));
    ftruncateSync(descriptor, 8 + header.length + end);
  } finally {
    closeSync(descriptor);
  }
}

function byteSize({ shape }) {
  return shape.reduce((product, size) => product * size, BF16_BYTES);
}

function numbered(index) {
  return String(index).padStart(5, "0");
}
