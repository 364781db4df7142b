/** What a tensor is in a transformer, told from its name: the parts that the paper's readers think in. */

/** In the order in which a parameter's signal passes them. `qkv`: the three in one tensor, as GPT-2 and NeoX have them. */
export const MODULE_KINDS = [
  "embedding",
  "q",
  "k",
  "v",
  "qkv",
  "o",
  "gate",
  "up",
  "down",
  "norm",
  "head",
  "other",
] as const;

export type ModuleKind = (typeof MODULE_KINDS)[number];

/** The first pattern that the name holds decides; names are those of Llama, Mistral, Qwen, Gemma, GPT-2, NeoX, Falcon. */
const PATTERNS: readonly (readonly [ModuleKind, RegExp])[] = [
  ["norm", /(^|[._])(\w*norm\w*|ln_?\w*)\.(weight|bias)$/],
  ["head", /(^|\.)(lm_head|embed_out|output)\.(weight|bias)$/],
  ["embedding", /(^|\.)(embed_tokens|embed_in|wte|wpe|word_embeddings|tok_embeddings|embed_positions)\./],
  ["qkv", /(^|\.)(c_attn|query_key_value|qkv_proj|Wqkv|in_proj)(\.|_)/],
  ["q", /(^|\.)(q_proj|wq)\./],
  ["k", /(^|\.)(k_proj|wk)\./],
  ["v", /(^|\.)(v_proj|wv)\./],
  ["gate", /(^|\.)(gate_proj|w1|gate_up_proj)\./],
  ["up", /(^|\.)(up_proj|w3|c_fc|fc1|dense_h_to_4h)\./],
  ["down", /(^|\.)(down_proj|w2|fc2|dense_4h_to_h|mlp\.c_proj)\./],
  ["o", /(^|\.)(o_proj|wo|out_proj|(attn|attention|self_attention)\.(c_proj|dense))\./],
];

/** The kind of a tensor; `other` where no pattern knows the name. */
export function moduleKind(name: string): ModuleKind {
  return PATTERNS.find(([, pattern]) => pattern.test(name))?.[0] ?? "other";
}
