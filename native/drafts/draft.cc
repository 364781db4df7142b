#include "drafts/draft.h"

#include <algorithm>
#include <cstring>

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

void Draft::Numbers::copy(const std::uint32_t* elements, std::size_t count, std::size_t place) noexcept {
  with_width(dtype, [&](auto width) {
    using Width = decltype(width);
    // A copy of the member: what is written could be the object's own bytes, for all that the compiler knows.
    const std::uint8_t* const source = from;
    std::uint8_t* to = bytes + place * sizeof(Width);
    for (std::size_t i = 0; i < count; ++i)
      std::memcpy(to + i * sizeof(Width), source + elements[i] * sizeof(Width), sizeof(Width));
  });
}

std::size_t Draft::undecided_bytes(const ChunkInputs& inputs, bool has_output) {
  std::size_t each = (has_output ? sizeof(std::uint32_t) : 0) + dtype_bytes(inputs.base->dtype);
  for (std::size_t m = 0; m < inputs.model_count; ++m) each += dtype_bytes(inputs.models[m].source.dtype);
  return std::max<std::size_t>(1, each * (inputs.element_count / kElementsPerUndecided));
}

Draft::Draft(const ChunkInputs& inputs, Dtype output_dtype, std::unique_ptr<AlignedBuffer> room, std::size_t lead,
             std::unique_ptr<AlignedBuffer> undecided_room)
    : output_dtype_(output_dtype), has_output_(room != nullptr), room_(std::move(room)), lead_(lead), element_count_(inputs.element_count),
      limit_(inputs.element_count / kElementsPerUndecided), undecided_room_(std::move(undecided_room)),
      elements_(has_output_ ? reinterpret_cast<std::uint32_t*>(undecided_room_->data()) : nullptr) {
  // Four bytes each first, so that all are aligned where it matters: the kernels read unaligned sources.
  std::uint8_t* next = undecided_room_->data() + (has_output_ ? limit_ * sizeof(std::uint32_t) : 0);
  const auto numbers_of = [&](const Source& source) {
    std::uint8_t* const bytes = next;
    next += limit_ * dtype_bytes(source.dtype);
    return Numbers{source.bytes, source.dtype, bytes};
  };
  base_ = numbers_of(*inputs.base);
  models_.reserve(inputs.model_count);
  for (std::size_t m = 0; m < inputs.model_count; ++m) models_.push_back(numbers_of(inputs.models[m].source));
}

void Draft::note(void* context, const std::uint32_t* elements, std::size_t count) noexcept {
  auto& draft = *static_cast<Draft*>(context);
  if (draft.overflowed_ || count > draft.limit_ - draft.count_) {
    draft.overflowed_ = true;
    return;
  }
  if (draft.elements_ != nullptr) std::memcpy(draft.elements_ + draft.count_, elements, count * sizeof *elements);
  draft.base_.copy(elements, count, draft.count_);
  for (Numbers& model : draft.models_) model.copy(elements, count, draft.count_);
  draft.count_ += count;
}

std::size_t Draft::settle(std::uint8_t* output, const std::uint8_t* results, std::size_t from,
                          std::size_t end_element) const {
  const std::uint32_t* const elements = elements_;
  const auto end = static_cast<std::size_t>(std::lower_bound(elements + from, elements + count_, end_element) - elements);
  with_width(output_dtype_, [&](auto width) {
    using Width = decltype(width);
    for (std::size_t i = from; i < end; ++i)
      std::memcpy(output + elements[i] * sizeof(Width), results + i * sizeof(Width), sizeof(Width));
  });
  return end;
}

}  // namespace tiesmith
