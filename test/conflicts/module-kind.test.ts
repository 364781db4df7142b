import { expect, it } from "vitest";
import { moduleKind } from "../../src/conflicts/module-kind.ts";

it.each([
  ["model.embed_tokens.weight", "embedding"],
  ["transformer.wte.weight", "embedding"],
  ["model.layers.0.self_attn.q_proj.weight", "q"],
  ["model.layers.0.self_attn.q_proj.bias", "q"],
  ["model.layers.11.self_attn.k_proj.weight", "k"],
  ["model.layers.11.self_attn.v_proj.weight", "v"],
  ["model.layers.11.self_attn.o_proj.weight", "o"],
  ["model.layers.1.self_attn.q_norm.weight", "norm"],
  ["transformer.h.0.attn.c_attn.weight", "qkv"],
  ["transformer.h.0.attn.c_proj.weight", "o"],
  ["transformer.h.0.mlp.c_fc.weight", "up"],
  ["transformer.h.0.mlp.c_proj.weight", "down"],
  ["gpt_neox.layers.3.attention.query_key_value.weight", "qkv"],
  ["gpt_neox.layers.3.attention.dense.weight", "o"],
  ["gpt_neox.layers.3.mlp.dense_h_to_4h.weight", "up"],
  ["gpt_neox.layers.3.mlp.dense_4h_to_h.weight", "down"],
  ["model.layers.0.mlp.gate_proj.weight", "gate"],
  ["model.layers.0.mlp.up_proj.weight", "up"],
  ["model.layers.0.mlp.down_proj.weight", "down"],
  ["model.layers.0.input_layernorm.weight", "norm"],
  ["transformer.ln_f.bias", "norm"],
  ["model.norm.weight", "norm"],
  ["lm_head.weight", "head"],
  ["visual.patch.conv.weight", "other"],
])("%s is %s", (name, kind) => {
  expect(moduleKind(name)).toBe(kind);
});
