// A chunk that is combined but for the elements whose fate its scope has not decided yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "io/output_file.h"
#include "kernels/kernel_types.h"

namespace tiesmith {

// The draft keeps the undecided elements' numbers beside its output, so that a chunk is read from its inputs once:
// they make a small tensor of their own, which the usual kernels measure, combine and analyse.
class Draft {
 public:
  // More than this share of undecided elements is not worth a draft, and memory is bounded by it.
  static constexpr std::size_t kElementsPerUndecided = 8;

  // What `undecided_room` must hold for a draft of these inputs, with an output or for an analysis.
  static std::size_t undecided_bytes(const ChunkInputs& inputs, bool has_output);

  // `room` has space for `lead` bytes, then the output; the inputs must stay readable until the draft is made.
  Draft(const ChunkInputs& inputs, Dtype output_dtype, std::unique_ptr<AlignedBuffer> room, std::size_t lead,
        std::unique_ptr<AlignedBuffer> undecided_room);
  // Of an analysis, which has no output, and need not know where its undecided elements were.
  Draft(const ChunkInputs& inputs, std::unique_ptr<AlignedBuffer> undecided_room)
      : Draft(inputs, inputs.base->dtype, nullptr, 0, std::move(undecided_room)) {}

  // Whether it was made with one.
  bool has_output() const { return has_output_; }
  std::uint8_t* output() { return room_->data() + lead_; }
  Dtype output_dtype() const { return output_dtype_; }
  std::size_t element_count() const { return element_count_; }
  std::size_t output_bytes() const { return element_count_ * dtype_bytes(output_dtype_); }
  std::size_t lead() const { return lead_; }
  std::unique_ptr<AlignedBuffer> take_room() { return std::move(room_); }
  std::unique_ptr<AlignedBuffer> take_undecided_room() { return std::move(undecided_room_); }

  // Where a kernel names undecided elements: copies their numbers. Allocates nothing.
  UndecidedSink sink() { return {&Draft::note, this}; }
  bool overflowed() const { return overflowed_; }

  std::size_t undecided_count() const { return count_; }
  // Of the chunk, in index order; null where there is no output.
  const std::uint32_t* undecided() const { return elements_; }
  std::size_t model_count() const { return models_.size(); }
  Source base() const { return base_.source(); }
  Source model(std::size_t m) const { return models_[m].source(); }

  // Puts the undecided elements' results, in their order, into the output, which take_room() gave: from the one at
  // place `from` on, those below `end_element`. Gives the place of the next.
  std::size_t settle(std::uint8_t* output, const std::uint8_t* results, std::size_t from, std::size_t end_element) const;

 private:
  // One source's numbers at the undecided elements.
  struct Numbers {
    const std::uint8_t* from;
    Dtype dtype;
    std::uint8_t* bytes;
    void copy(const std::uint32_t* elements, std::size_t count, std::size_t place) noexcept;
    Source source() const { return {bytes, dtype}; }
  };

  static void note(void* context, const std::uint32_t* elements, std::size_t count) noexcept;

  Dtype output_dtype_;
  bool has_output_;
  std::unique_ptr<AlignedBuffer> room_;
  std::size_t lead_, element_count_, limit_, count_ = 0;
  std::unique_ptr<AlignedBuffer> undecided_room_;
  std::uint32_t* elements_;
  Numbers base_{};
  std::vector<Numbers> models_;
  bool overflowed_ = false;
};

}  // namespace tiesmith
