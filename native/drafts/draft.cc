#include "drafts/draft.h"

#include <cstring>
#include <type_traits>

#include "kernels/kernel_types.h"

namespace tiesmith {
namespace {

// Calls body with the unsigned integer that is as wide as the dtype.
template <class Body>
void with_width(Dtype dtype, Body body) {
  if (dtype == Dtype::F32) body(std::uint32_t{});
  else body(std::uint16_t{});
}

}  // namespace

// Not initialised: pages that are never written cost nothing.
Draft::Numbers::Numbers(const Source& source, std::size_t limit)
    : from(source.bytes), dtype(source.dtype), bytes(new std::uint8_t[limit * dtype_bytes(source.dtype)]) {}

void Draft::Numbers::copy(const std::uint32_t* elements, std::size_t count, std::size_t place) noexcept {
  with_width(dtype, [&](auto width) {
    using Width = decltype(width);
    std::uint8_t* to = bytes.get() + place * sizeof(Width);
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(to + i * sizeof(Width), from + elements[i] * sizeof(Width), sizeof(Width));
  });
}

Draft::Draft(const ChunkInputs& inputs, Dtype output_dtype, std::unique_ptr<AlignedBuffer> room, std::size_t lead)
    : output_dtype_(output_dtype), room_(std::move(room)), lead_(lead), element_count_(inputs.element_count),
      limit_(inputs.element_count / kElementsPerUndecided), elements_(new std::uint32_t[limit_]),
      base_(*inputs.base, limit_) {
  models_.reserve(inputs.model_count);
  for (std::size_t m = 0; m < inputs.model_count; ++m) models_.emplace_back(inputs.models[m].source, limit_);
}

void Draft::note(void* context, const std::uint32_t* elements, std::size_t count) noexcept {
  auto& draft = *static_cast<Draft*>(context);
  if (draft.overflowed_ || count > draft.limit_ - draft.count_) {
    draft.overflowed_ = true;
    return;
  }
  std::memcpy(draft.elements_.get() + draft.count_, elements, count * sizeof *elements);
  draft.base_.copy(elements, count, draft.count_);
  for (Numbers& model : draft.models_) model.copy(elements, count, draft.count_);
  draft.count_ += count;
}

void Draft::settle(std::uint8_t* output, const std::uint8_t* results) const {
  with_width(output_dtype_, [&](auto width) {
    using Width = decltype(width);
    for (std::size_t i = 0; i < count_; ++i)
      std::memcpy(output + elements_[i] * sizeof(Width), results + i * sizeof(Width), sizeof(Width));
  });
}

}  // namespace tiesmith
