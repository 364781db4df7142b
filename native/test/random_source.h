// Random checkpoints: bytes at odd addresses, in every dtype, with the values that break kernels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernels/kernel_types.h"

namespace tiesmith::test {

// SplitMix64 (Steele, Lea and Flood 2014): the same numbers on every platform, unlike std distributions.
class Random {
 public:
  explicit Random(std::uint64_t seed) : state_(seed) {}
  std::uint64_t bits();
  std::uint64_t below(std::uint64_t limit) { return limit == 0 ? 0 : bits() % limit; }
  bool chance(int percent) { return below(100) < static_cast<std::uint64_t>(percent); }
  double uniform() { return static_cast<double>(bits() >> 11) * 0x1p-53; }
  template <class T>
  T pick(std::initializer_list<T> choices) {
    return *(choices.begin() + below(choices.size()));
  }

 private:
  std::uint64_t state_;
};

enum class Values : std::uint8_t {
  Weights,     // as in a trained layer: about 0.02, both signs
  Wide,        // every exponent from the smallest denormal to 2^8
  Denormal,    // denormals of the dtype, and zeros of both signs
  Huge,        // near the largest finite value: sums overflow
  Zero,        // +0 and -0
  Constant,    // one magnitude, both signs
};

// Elements at an address of their own choosing; the heap block ends with the last element, so that a
// sanitizer sees a read past it.
class TestSource {
 public:
  TestSource(Dtype dtype, std::size_t element_count, std::size_t byte_offset);
  Source source() const { return {bytes_.data() + byte_offset_, dtype_}; }
  std::size_t element_count() const { return element_count_; }
  std::uint32_t pattern(std::size_t element) const;
  void set_pattern(std::size_t element, std::uint32_t pattern);

 private:
  std::vector<std::uint8_t> bytes_;
  Dtype dtype_;
  std::size_t element_count_;
  std::size_t byte_offset_;
};

TestSource random_source(Random&, Dtype, std::size_t element_count, Values);

// Near `base`: each element a few units in the last place away from it, many of them by the same number,
// as fine-tuning in half precision leaves them.
TestSource random_neighbour(Random&, Dtype, const TestSource& base);

// Overwrites an element by a NaN or an Inf of the source's dtype.
void make_not_finite(Random&, TestSource&, std::size_t element);

}  // namespace tiesmith::test
