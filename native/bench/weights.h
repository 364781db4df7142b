// Made-up weights: a pure function of (seed, tensor name, element index), so that any block of any tensor can be
// written by any thread, and the same arguments give the same bytes on every machine.
//
// base: normal-ish, deviation 0.02 (norms: 1 ± 0.1), rounded to bf16 as published checkpoints are.
// task: base + task vector. The task vector is a product of two normal-ish numbers (heavy tails, kurtosis about 7)
// times a scale between 2e-4 and 1e-3 drawn for each tensor: a few bf16 steps of the base, so that after
// rounding many of its elements are exactly zero and most of the others share their magnitude with very many.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace bench {

struct WeightSeeds {
  std::uint64_t base = 1;
  std::uint64_t task = 0;  // 0: the base itself
};

// FNV-1a over the name, then splitmix64's finalizer over name and seed.
inline std::uint64_t derive_key(std::uint64_t seed, std::string_view name) {
  std::uint64_t key = 0xcbf29ce484222325ull;
  for (const char letter : name) key = (key ^ static_cast<unsigned char>(letter)) * 0x100000001b3ull;
  key += seed * 0x9e3779b97f4a7c15ull;
  key = (key ^ (key >> 30)) * 0xbf58476d1ce4e5b9ull;
  key = (key ^ (key >> 27)) * 0x94d049bb133111ebull;
  return key ^ (key >> 31);
}

// A 32-bit hash of a counter (multipliers of Wellons' "lowbias32"). The second half of the key enters between the
// multiplications: added at the front only, two keys would give the same stream, shifted.
inline std::uint32_t hash_counter(std::uint32_t counter, std::uint32_t key_low, std::uint32_t key_high) {
  std::uint32_t x = counter + key_low;
  x = (x ^ (x >> 16)) * 0x7feb352du;
  x ^= key_high;
  x = (x ^ (x >> 15)) * 0x846ca68bu;
  return x ^ (x >> 16);
}

// Mean 0, variance 1, within ±3.47: the sum of four 16-bit uniforms (Irwin-Hall), exact in f32 before scaling.
inline float draw_normal(std::uint32_t first, std::uint32_t second) {
  const auto sum = static_cast<std::int32_t>((first & 0xffffu) + (first >> 16) + (second & 0xffffu) + (second >> 16));
  return static_cast<float>(sum - 131070) * (1.7320508f / 65536.0f);
}

// To nearest, ties to even; finite input.
inline std::uint16_t round_to_bf16(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  return static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16);
}

inline float widen_bf16(std::uint16_t bits) { return std::bit_cast<float>(static_cast<std::uint32_t>(bits) << 16); }

class TensorWeights {
 public:
  TensorWeights(const WeightSeeds& seeds, std::string_view name, bool is_norm)
      : base_key_(derive_key(seeds.base, name)),
        task_key_(derive_key(seeds.task, name)),
        has_task_(seeds.task != 0),
        mean_(is_norm ? 1.0f : 0.0f),
        deviation_(is_norm ? 0.1f : 0.02f) {
    const auto uniform = static_cast<float>(derive_key(seeds.task, "scale") >> 40 ^ task_key_ >> 40) / 16777216.0f;
    task_scale_ = 2e-4f + 8e-4f * uniform;
  }

  // The f32 value of one element; `index` counts from the tensor's start and stays below 2^32.
  template <bool kHasTask>
  float value(std::uint32_t index) const {
    const float base = widen_bf16(round_to_bf16(mean_ + deviation_ * draw(index, base_key_)));
    if constexpr (!kHasTask) return base;
    return base + task_scale_ * (draw(index, task_key_) * draw(index, ~task_key_));
  }

  void fill_bf16(std::uint64_t from, std::uint64_t count, std::byte* out) const {
    auto* const values = reinterpret_cast<std::uint16_t*>(out);
    if (has_task_) {
      for (std::uint64_t at = 0; at < count; ++at) values[at] = round_to_bf16(value<true>(index_of(from, at)));
    } else {
      for (std::uint64_t at = 0; at < count; ++at) values[at] = round_to_bf16(value<false>(index_of(from, at)));
    }
  }

  void fill_f32(std::uint64_t from, std::uint64_t count, std::byte* out) const {
    auto* const values = reinterpret_cast<float*>(out);
    if (has_task_) {
      for (std::uint64_t at = 0; at < count; ++at) values[at] = value<true>(index_of(from, at));
    } else {
      for (std::uint64_t at = 0; at < count; ++at) values[at] = value<false>(index_of(from, at));
    }
  }

 private:
  static std::uint32_t index_of(std::uint64_t from, std::uint64_t at) {
    return static_cast<std::uint32_t>(from) + static_cast<std::uint32_t>(at);
  }

  static float draw(std::uint32_t index, std::uint64_t key) {
    const auto low = static_cast<std::uint32_t>(key);
    const auto high = static_cast<std::uint32_t>(key >> 32);
    return draw_normal(hash_counter(index, low, high), hash_counter(index, high, low));
  }

  std::uint64_t base_key_;
  std::uint64_t task_key_;
  bool has_task_;
  float mean_;
  float deviation_;
  float task_scale_ = 0;
};

}  // namespace bench
