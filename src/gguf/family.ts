/** The architectures that tiesmith can write as GGUF, and how llama.cpp's version of each differs. */
import type { ModelConfig } from "../checkpoint/config.ts";
import { TiesmithError } from "../errors.ts";

/** What sets one architecture apart from the plain Llama. */
export interface Family {
  /** `general.architecture`, and the prefix of its keys. */
  readonly architecture: "llama" | "qwen2" | "qwen3" | "gemma" | "gemma2";
  /**
   * Whether llama.cpp turns neighbouring elements of a head (i, i + 1) where transformers turns halves
   * (i, i + d/2): then the rows of q and k change places.
   */
  readonly interleavedRotary: boolean;
  /** Added to norm weights: Gemma stores them less one. */
  readonly normOffset: 0 | 1;
  /** The activation that llama.cpp's graph has. */
  readonly activations: readonly string[];
  /** Norms and biases beyond the Llama's, by the name in the checkpoint. */
  readonly layerTensors: Readonly<Record<string, string>>;
}

/** Tensors of a layer that all families share; q, k, v and the output may have a bias each. */
const LLAMA_LAYER = {
  "input_layernorm.weight": "attn_norm.weight",
  "self_attn.q_proj.weight": "attn_q.weight",
  "self_attn.k_proj.weight": "attn_k.weight",
  "self_attn.v_proj.weight": "attn_v.weight",
  "self_attn.o_proj.weight": "attn_output.weight",
  "mlp.gate_proj.weight": "ffn_gate.weight",
  "mlp.up_proj.weight": "ffn_up.weight",
  "mlp.down_proj.weight": "ffn_down.weight",
} as const;
const FFN_NORM = { "post_attention_layernorm.weight": "ffn_norm.weight" } as const;
/** Gemma 2 puts a norm before and after each half of a layer. */
const FOUR_NORMS = {
  "post_attention_layernorm.weight": "post_attention_norm.weight",
  "pre_feedforward_layernorm.weight": "ffn_norm.weight",
  "post_feedforward_layernorm.weight": "post_ffw_norm.weight",
} as const;
const HEAD_NORMS = {
  "self_attn.q_norm.weight": "attn_q_norm.weight",
  "self_attn.k_norm.weight": "attn_k_norm.weight",
} as const;
const QKV_BIASES = {
  "self_attn.q_proj.bias": "attn_q.bias",
  "self_attn.k_proj.bias": "attn_k.bias",
  "self_attn.v_proj.bias": "attn_v.bias",
} as const;

const SILU = ["silu", "swish"];
const TANH_GELU = ["gelu_pytorch_tanh", "gelu_new", "gelu"];
const LLAMA: Family = {
  architecture: "llama",
  interleavedRotary: true,
  normOffset: 0,
  activations: SILU,
  layerTensors: { ...LLAMA_LAYER, ...FFN_NORM },
};
const HALVES = { interleavedRotary: false, normOffset: 0, activations: SILU } as const;
const GEMMA = { interleavedRotary: false, normOffset: 1, activations: TANH_GELU } as const;

/** By `model_type` of config.json. */
const FAMILIES: Readonly<Record<string, Family>> = {
  llama: LLAMA,
  mistral: LLAMA,
  qwen2: { architecture: "qwen2", ...HALVES, layerTensors: { ...LLAMA_LAYER, ...FFN_NORM, ...QKV_BIASES } },
  qwen3: { architecture: "qwen3", ...HALVES, layerTensors: { ...LLAMA_LAYER, ...FFN_NORM, ...HEAD_NORMS } },
  gemma: { architecture: "gemma", ...GEMMA, layerTensors: { ...LLAMA_LAYER, ...FFN_NORM } },
  gemma2: { architecture: "gemma2", ...GEMMA, layerTensors: { ...LLAMA_LAYER, ...FOUR_NORMS } },
};

/**
 * The family of a model.
 * @throws {TiesmithError} `MODEL_UNSUPPORTED` naming the architecture
 */
export function familyOf({ modelType, architectures, raw }: ModelConfig, folder: string): Family {
  const family = FAMILIES[modelType ?? ""];
  if (family === undefined) {
    const found = modelType ?? architectures[0] ?? "none";
    throw new TiesmithError(
      "MODEL_UNSUPPORTED",
      `Expected an architecture that can be written as GGUF (${Object.keys(FAMILIES).join(", ")}) in ${folder}, but found ${found}; convert it with llama.cpp's convert_hf_to_gguf.py`,
      { folder, modelType, architectures },
    );
  }
  const activation = raw.hidden_activation ?? raw.hidden_act;
  if (typeof activation === "string" && !family.activations.includes(activation)) {
    throw new TiesmithError(
      "MODEL_UNSUPPORTED",
      `Expected the activation ${family.activations[0]} for ${modelType} in ${folder}, but found ${activation}, which llama.cpp does not compute for it`,
      { folder, activation },
    );
  }
  return family;
}
