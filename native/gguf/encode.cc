#include "gguf/encode.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "kernels/half.h"

namespace tiesmith {
namespace {

// Widened at a time: 4 KiB, which stay in the first cache. A whole number of q8_0 blocks.
constexpr std::size_t kPieceElements = 1024;

// From these magnitudes on a value rounds to infinity; a q8_0 scale is an f16 of the 127th part.
constexpr float kF16Limit = 65520.0f;
constexpr float kBf16Limit = 0x1.ffp127f;

float limit_of(GgufType type) {
  switch (type) {
    case GgufType::F16: return kF16Limit;
    case GgufType::BF16: return kBf16Limit;
    case GgufType::Q8_0: return kF16Limit * 127.0f;
    case GgufType::F32: break;
  }
  return std::numeric_limits<float>::infinity();
}

// Elements and results may lie anywhere: memcpy is how C++ says so, and costs nothing.
template <typename Bits, float (*kWiden)(Bits)>
void widen_all(const std::uint8_t* elements, std::size_t count, float* values) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    Bits bits;
    std::memcpy(&bits, elements + i * sizeof(Bits), sizeof(Bits));
    values[i] = kWiden(bits);
  }
}

void widen(const std::uint8_t* elements, Dtype dtype, std::size_t count, float* values) noexcept {
  switch (dtype) {
    case Dtype::F32: std::memcpy(values, elements, count * sizeof(float)); break;
    case Dtype::F16: widen_all<std::uint16_t, widen_f16>(elements, count, values); break;
    case Dtype::BF16: widen_all<std::uint16_t, widen_bf16>(elements, count, values); break;
  }
}

template <std::uint16_t (*kNarrow)(float)>
void narrow_all(const float* values, std::size_t count, std::uint8_t* results) noexcept {
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint16_t bits = kNarrow(values[i]);
    std::memcpy(results + i * sizeof(bits), &bits, sizeof(bits));
  }
}

// As ggml's reference: in f32, by the reciprocal of the unrounded scale, halves away from zero.
void quantise_block(const float* values, std::uint8_t* results) noexcept {
  float largest = 0;
  for (std::size_t i = 0; i < kQuantisedElements; ++i) largest = std::max(largest, std::fabs(values[i]));
  const float scale = largest / 127.0f;
  const std::uint16_t scale_bits = narrow_f16(scale);
  std::memcpy(results, &scale_bits, sizeof(scale_bits));
  const float inverse = 1.0f / scale;
  // Of zeros, and of values so small (below 2^-121) that the reciprocal is infinite, nothing is left.
  if (!(inverse <= std::numeric_limits<float>::max())) {
    std::memset(results + sizeof(scale_bits), 0, kQuantisedElements);
    return;
  }
  for (std::size_t i = 0; i < kQuantisedElements; ++i) {
    const double scaled = static_cast<double>(values[i] * inverse);
    // In f64 the half is added exactly enough that nothing just below a half goes up; the cast cuts towards zero.
    const auto rounded = static_cast<std::int32_t>(scaled + std::copysign(0.5, scaled));
    results[sizeof(scale_bits) + i] = static_cast<std::uint8_t>(rounded);
  }
}

void narrow(const float* values, GgufType type, std::size_t count, std::uint8_t* results) noexcept {
  switch (type) {
    case GgufType::F32: std::memcpy(results, values, count * sizeof(float)); break;
    case GgufType::F16: narrow_all<narrow_f16>(values, count, results); break;
    case GgufType::BF16: narrow_all<narrow_bf16>(values, count, results); break;
    case GgufType::Q8_0:
      for (std::size_t i = 0; i < count; i += kQuantisedElements, results += kQuantisedBytes)
        quantise_block(values + i, results);
  }
}

bool is_same(Dtype dtype, GgufType type) {
  return (dtype == Dtype::F32 && type == GgufType::F32) || (dtype == Dtype::F16 && type == GgufType::F16) ||
         (dtype == Dtype::BF16 && type == GgufType::BF16);
}

// The index of the first element that does not fit, or `count`.
std::uint64_t encode_run(const std::uint8_t* elements, Dtype dtype, std::uint64_t count, const Encoding& encoding,
                         std::uint8_t* results) noexcept {
  if (is_same(dtype, encoding.type) && encoding.offset == 0) {
    std::memcpy(results, elements, count * dtype_bytes(dtype));
    return count;
  }
  const float limit = limit_of(encoding.type);
  float values[kPieceElements];
  for (std::uint64_t done = 0; done < count; done += kPieceElements) {
    const std::size_t piece = std::min<std::uint64_t>(kPieceElements, count - done);
    widen(elements + done * dtype_bytes(dtype), dtype, piece, values);
    if (encoding.offset != 0)
      for (std::size_t i = 0; i < piece; ++i) values[i] += encoding.offset;
    std::uint32_t unfit = 0;
    for (std::size_t i = 0; i < piece; ++i) unfit |= !(std::fabs(values[i]) < limit);
    if (unfit != 0)
      return done + static_cast<std::uint64_t>(
                        std::find_if(values, values + piece, [=](float value) { return !(std::fabs(value) < limit); }) -
                        values);
    narrow(values, encoding.type, piece, results + encoded_bytes(encoding.type, done));
  }
  return count;
}

// The row of the checkpoint that stands at `row`: transformers turns row i of a head together with i + half, llama.cpp's
// "normal" rotation 2i with 2i + 1, so that the file takes them by turns from both halves.
std::uint64_t interleaved_row(std::uint64_t row, std::uint64_t head_rows) {
  const std::uint64_t within = row % head_rows;
  return row - within + (within % 2 == 0 ? within / 2 : head_rows / 2 + within / 2);
}

}  // namespace

std::uint64_t encoded_bytes(GgufType type, std::uint64_t element_count) {
  switch (type) {
    case GgufType::F32: return element_count * 4;
    case GgufType::F16:
    case GgufType::BF16: return element_count * 2;
    case GgufType::Q8_0: break;
  }
  return element_count / kQuantisedElements * kQuantisedBytes;
}

bool can_encode(const Encoding& encoding, std::uint64_t element_count) {
  const bool is_quantised = encoding.type == GgufType::Q8_0;
  if (is_quantised && element_count % kQuantisedElements != 0) return false;
  if (encoding.head_rows == 0) return true;
  if (is_quantised && encoding.row_elements % kQuantisedElements != 0) return false;
  const bool is_whole = element_count % encoding.row_elements == 0 &&
                        (element_count / encoding.row_elements) % encoding.head_rows == 0;
  return encoding.head_rows % 2 == 0 && is_whole;
}

std::uint64_t encode(const std::uint8_t* elements, Dtype dtype, std::uint64_t element_count, const Encoding& encoding,
                     std::uint8_t* results) noexcept {
  if (encoding.head_rows == 0) return encode_run(elements, dtype, element_count, encoding, results);
  const std::uint64_t row_elements = encoding.row_elements;
  std::uint64_t first_unfit = element_count;
  for (std::uint64_t row = 0; row < element_count / row_elements; ++row) {
    const std::uint64_t from = interleaved_row(row, encoding.head_rows) * row_elements;
    const std::uint64_t unfit = encode_run(elements + from * dtype_bytes(dtype), dtype, row_elements, encoding,
                                           results + encoded_bytes(encoding.type, row * row_elements));
    if (unfit < row_elements) first_unfit = std::min(first_unfit, from + unfit);
  }
  return first_unfit;
}

}  // namespace tiesmith
