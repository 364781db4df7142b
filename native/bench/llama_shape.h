// The tensors of a Llama model of a given shape, in the order of its layers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

struct LlamaShape {
  std::uint64_t hidden;
  std::uint64_t layer_count;
  std::uint64_t intermediate;
  std::uint64_t head_count;
  std::uint64_t kv_head_count;
  std::uint64_t vocab;
};

struct Tensor {
  std::string name;
  std::vector<std::uint64_t> shape;
  bool is_norm = false;

  std::uint64_t element_count() const {
    std::uint64_t count = 1;
    for (const std::uint64_t extent : shape) count *= extent;
    return count;
  }
};

inline std::vector<Tensor> list_tensors(const LlamaShape& llama) {
  const std::uint64_t hidden = llama.hidden;
  const std::uint64_t kv = hidden / llama.head_count * llama.kv_head_count;
  std::vector<Tensor> tensors{{"model.embed_tokens.weight", {llama.vocab, hidden}}};
  for (std::uint64_t layer = 0; layer < llama.layer_count; ++layer) {
    const std::string prefix = "model.layers." + std::to_string(layer) + ".";
    tensors.push_back({prefix + "self_attn.q_proj.weight", {hidden, hidden}});
    tensors.push_back({prefix + "self_attn.k_proj.weight", {kv, hidden}});
    tensors.push_back({prefix + "self_attn.v_proj.weight", {kv, hidden}});
    tensors.push_back({prefix + "self_attn.o_proj.weight", {hidden, hidden}});
    tensors.push_back({prefix + "mlp.gate_proj.weight", {llama.intermediate, hidden}});
    tensors.push_back({prefix + "mlp.up_proj.weight", {llama.intermediate, hidden}});
    tensors.push_back({prefix + "mlp.down_proj.weight", {hidden, llama.intermediate}});
    tensors.push_back({prefix + "input_layernorm.weight", {hidden}, true});
    tensors.push_back({prefix + "post_attention_layernorm.weight", {hidden}, true});
  }
  tensors.push_back({"model.norm.weight", {hidden}, true});
  tensors.push_back({"lm_head.weight", {llama.vocab, hidden}});
  return tensors;
}

}  // namespace bench
