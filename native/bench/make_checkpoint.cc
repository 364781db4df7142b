// Writes a Llama-shaped checkpoint folder of made-up weights, as transformers would save it.
//
//   make_checkpoint --out DIR --hidden H --layers L --intermediate I --heads A --kv-heads K --vocab V
//                   [--seed S] [--task-seed S] [--dtype bf16|f32] [--max-shard-bytes N] [--threads N]
//
// Without --task-seed the folder is a base; with one it is that base plus a task vector (weights.h).
// Build: c++ -O3 -march=native -ffp-contract=off -std=c++20 -pthread make_checkpoint.cc -o make_checkpoint
// (contraction would let the bytes depend on the instruction set).
//
// The folder is written beside its place and renamed, so one that exists is complete. Blocks of 8 MiB are filled
// and written by direct I/O: the page cache would take new files at a fraction of the disk's speed.

#include <algorithm>
#include <atomic>
#include <cinttypes>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <thread>

#include "arguments.h"
#include "direct_file.h"
#include "llama_shape.h"
#include "weights.h"

namespace {

using namespace bench;

struct PlacedTensor {
  Tensor tensor;
  TensorWeights weights;
  std::uint64_t begin = 0;  // offsets within the file
  std::uint64_t end = 0;
};

struct Shard {
  std::string name;
  std::string header;  // the 8 length bytes included
  std::vector<PlacedTensor> tensors;
  std::uint64_t bytes = 0;
};

// Fills shards in layer order up to the limit, as transformers does; a tensor is never split.
std::vector<Shard> split_into_shards(const std::vector<Tensor>& tensors, const WeightSeeds& seeds,
                                     std::uint64_t value_bytes, std::uint64_t max_shard_bytes) {
  std::vector<Shard> shards(1);
  std::uint64_t filled = 0;
  for (const Tensor& tensor : tensors) {
    const std::uint64_t bytes = tensor.element_count() * value_bytes;
    if (filled > 0 && filled + bytes > max_shard_bytes) {
      shards.emplace_back();
      filled = 0;
    }
    filled += bytes;
    shards.back().tensors.push_back({tensor, TensorWeights(seeds, tensor.name, tensor.is_norm)});
  }
  return shards;
}

std::string name_shard(std::size_t at, std::size_t count) {
  if (count == 1) return "model.safetensors";
  char name[64];
  std::snprintf(name, sizeof name, "model-%05zu-of-%05zu.safetensors", at + 1, count);
  return name;
}

// Tensors by name, data right after the header. The header is padded to 8 bytes only, as the safetensors library
// does it, so tensors do not start on a page: readers have to cope with that in real files too.
void lay_out(Shard& shard, const std::string& dtype, std::uint64_t value_bytes) {
  std::sort(shard.tensors.begin(), shard.tensors.end(),
            [](const PlacedTensor& a, const PlacedTensor& b) { return a.tensor.name < b.tensor.name; });
  std::string json = R"({"__metadata__":{"format":"pt"})";
  std::uint64_t offset = 0;
  for (PlacedTensor& placed : shard.tensors) {
    placed.begin = offset;
    placed.end = offset + placed.tensor.element_count() * value_bytes;
    offset = placed.end;
    std::string shape;
    for (const std::uint64_t extent : placed.tensor.shape) {
      shape += (shape.empty() ? "" : ",") + std::to_string(extent);
    }
    json += ",\"" + placed.tensor.name + R"(":{"dtype":")" + dtype + R"(","shape":[)" + shape +
            R"(],"data_offsets":[)" + std::to_string(placed.begin) + "," + std::to_string(placed.end) + "]}";
  }
  json += "}";
  json.resize(round_up(json.size(), 8), ' ');
  const std::uint64_t length = json.size();
  for (unsigned byte = 0; byte < 8; ++byte) shard.header += static_cast<char>(length >> (8 * byte) & 0xff);
  shard.header += json;
  for (PlacedTensor& placed : shard.tensors) {
    placed.begin += shard.header.size();
    placed.end += shard.header.size();
  }
  shard.bytes = shard.header.size() + offset;
}

// Data starts at a multiple of 8 bytes, as blocks do, so no value lies across two blocks.
void fill_block(const Shard& shard, std::uint64_t from, std::uint64_t to, bool is_bf16, std::byte* out) {
  if (from < shard.header.size()) {
    std::memcpy(out, shard.header.data() + from, std::min<std::uint64_t>(to, shard.header.size()) - from);
  }
  const std::uint64_t value_bytes = is_bf16 ? 2 : 4;
  for (const PlacedTensor& placed : shard.tensors) {
    const std::uint64_t begin = std::max(from, placed.begin);
    const std::uint64_t end = std::min(to, placed.end);
    if (begin >= end) continue;
    const std::uint64_t index = (begin - placed.begin) / value_bytes;
    const std::uint64_t count = (end - begin) / value_bytes;
    if (is_bf16) {
      placed.weights.fill_bf16(index, count, out + (begin - from));
    } else {
      placed.weights.fill_f32(index, count, out + (begin - from));
    }
  }
}

void write_shard(const Shard& shard, const std::filesystem::path& folder, bool is_bf16, std::uint64_t thread_count) {
  const DirectFile file = DirectFile::create((folder / shard.name).string(), shard.bytes);
  std::atomic<std::uint64_t> next{0};
  std::vector<std::thread> threads;
  for (std::uint64_t thread = 0; thread < thread_count; ++thread) {
    threads.emplace_back([&] {
      AlignedBlock block;
      for (std::uint64_t at; (at = next.fetch_add(1)) < file.block_count();) {
        const std::uint64_t from = at * kBlockBytes;
        fill_block(shard, from, from + file.block_bytes(at), is_bf16, block.data());
        file.write_block(at, block);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  file.finish();
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  if (!file) fail("Cannot write " + path.string());
}

void write_index(const std::vector<Shard>& shards, const std::filesystem::path& folder) {
  std::uint64_t total = 0;
  std::string map;
  for (const Shard& shard : shards) {
    total += shard.bytes - shard.header.size();
    for (const PlacedTensor& placed : shard.tensors) {
      map += (map.empty() ? "" : ",\n") + std::string("    \"") + placed.tensor.name + "\": \"" + shard.name + "\"";
    }
  }
  write_text(folder / "model.safetensors.index.json", "{\n  \"metadata\": {\n    \"total_size\": " +
                                                          std::to_string(total) + "\n  },\n  \"weight_map\": {\n" +
                                                          map + "\n  }\n}\n");
}

void write_configs(const LlamaShape& llama, const std::string& torch_dtype, const std::filesystem::path& folder) {
  const auto number = [](std::uint64_t value) { return std::to_string(value); };
  write_text(folder / "config.json",
             "{\n  \"architectures\": [\n    \"LlamaForCausalLM\"\n  ],\n  \"attention_bias\": false,\n"
             "  \"bos_token_id\": 1,\n  \"eos_token_id\": 2,\n  \"hidden_act\": \"silu\",\n"
             "  \"hidden_size\": " + number(llama.hidden) + ",\n  \"initializer_range\": 0.02,\n"
             "  \"intermediate_size\": " + number(llama.intermediate) + ",\n"
             "  \"max_position_embeddings\": 4096,\n  \"model_type\": \"llama\",\n"
             "  \"num_attention_heads\": " + number(llama.head_count) + ",\n"
             "  \"num_hidden_layers\": " + number(llama.layer_count) + ",\n"
             "  \"num_key_value_heads\": " + number(llama.kv_head_count) + ",\n  \"pretraining_tp\": 1,\n"
             "  \"rms_norm_eps\": 1e-05,\n  \"rope_theta\": 10000.0,\n  \"tie_word_embeddings\": false,\n"
             "  \"torch_dtype\": \"" + torch_dtype + "\",\n  \"use_cache\": true,\n"
             "  \"vocab_size\": " + number(llama.vocab) + "\n}\n");
  write_text(folder / "generation_config.json",
             "{\n  \"_from_model_config\": true,\n  \"bos_token_id\": 1,\n  \"eos_token_id\": 2\n}\n");
}

LlamaShape read_shape(const Arguments& arguments) {
  const LlamaShape llama{arguments.count("hidden"),   arguments.count("layers"),   arguments.count("intermediate"),
                         arguments.count("heads"),    arguments.count("kv-heads"), arguments.count("vocab")};
  if (llama.head_count == 0 || llama.hidden % llama.head_count != 0) fail("Expected --heads to divide --hidden");
  if (llama.kv_head_count == 0 || llama.head_count % llama.kv_head_count != 0) {
    fail("Expected --kv-heads to divide --heads");
  }
  if (std::max(llama.vocab, llama.intermediate) * llama.hidden > 0xffffffffull) {
    fail("Expected fewer than 2^32 elements in a tensor");
  }
  return llama;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv);
  const LlamaShape llama = read_shape(arguments);
  const std::string dtype = arguments.text("dtype", "bf16");
  if (dtype != "bf16" && dtype != "f32") fail("Expected --dtype of bf16 or f32, but received " + dtype);
  const bool is_bf16 = dtype == "bf16";
  const std::uint64_t value_bytes = is_bf16 ? 2 : 4;
  const WeightSeeds seeds{arguments.count("seed", 1), arguments.count("task-seed", 0)};
  // Twice the cores: half of the threads wait for the disk while the others compute.
  const std::uint64_t threads =
      std::max<std::uint64_t>(1, arguments.count("threads", 2 * std::thread::hardware_concurrency()));

  std::vector<Shard> shards =
      split_into_shards(list_tensors(llama), seeds, value_bytes, arguments.count("max-shard-bytes", 5'000'000'000));
  const std::filesystem::path out = arguments.text("out");
  const std::filesystem::path partial = out.string() + ".partial";
  std::error_code ignored;
  std::filesystem::remove_all(partial, ignored);
  std::filesystem::create_directories(partial);
  for (std::size_t at = 0; at < shards.size(); ++at) {
    shards[at].name = name_shard(at, shards.size());
    lay_out(shards[at], is_bf16 ? "BF16" : "F32", value_bytes);
    write_shard(shards[at], partial, is_bf16, threads);
  }
  if (shards.size() > 1) write_index(shards, partial);
  write_configs(llama, is_bf16 ? "bfloat16" : "float32", partial);
  std::filesystem::remove_all(out);
  std::filesystem::rename(partial, out);
  return 0;
}
