// Merged elements as a GGUF file stores them: another format, rows of rotary heads in llama.cpp's order, norms plus one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/kernel_types.h"

namespace tiesmith {

enum class GgufType : std::uint8_t { F32, F16, BF16, Q8_0 };

// q8_0: an f16 scale and 32 signed bytes.
inline constexpr std::size_t kQuantisedElements = 32;
inline constexpr std::size_t kQuantisedBytes = 34;

struct Encoding {
  GgufType type;
  float offset;                // added to every element, in f32
  std::uint64_t row_elements;  // at least 1; what moves together
  std::uint64_t head_rows;     // rows of a head whose rows change places, an even number; 0 where they stay
};

// Bytes of so many elements; for q8_0 a whole number of blocks.
std::uint64_t encoded_bytes(GgufType type, std::uint64_t element_count);

// Whether a run of elements that begins with a head's first row can be encoded: whole heads, and whole blocks a row.
bool can_encode(const Encoding& encoding, std::uint64_t element_count);

// Encodes `element_count` finite elements. The results do not depend on how a tensor was cut into such runs. Gives the
// index of the first element that the type cannot hold (its results are then of no use), or `element_count`.
std::uint64_t encode(const std::uint8_t* elements, Dtype dtype, std::uint64_t element_count, const Encoding& encoding,
                     std::uint8_t* results) noexcept;

}  // namespace tiesmith
