#include "test/random_source.h"

#include <cstring>

#include "test/reference_floats.h"

namespace tiesmith::test {

std::uint64_t Random::bits() {
  std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
  return z ^ (z >> 31);
}

TestSource::TestSource(Dtype dtype, std::size_t element_count, std::size_t byte_offset)
    : bytes_(byte_offset + element_count * dtype_bytes(dtype)),
      dtype_(dtype),
      element_count_(element_count),
      byte_offset_(byte_offset) {}

std::uint32_t TestSource::pattern(std::size_t element) const {
  std::uint32_t pattern = 0;
  std::memcpy(&pattern, source().bytes + element * dtype_bytes(dtype_), dtype_bytes(dtype_));
  return pattern;
}

void TestSource::set_pattern(std::size_t element, std::uint32_t pattern) {
  const std::size_t size = dtype_bytes(dtype_);
  std::memcpy(bytes_.data() + byte_offset_ + element * size, &pattern, size);
}

// Of the dtype's finite patterns, the one for a value's kind.
static std::uint32_t random_pattern(Random& random, const FloatFormat& format, Values values) {
  const std::uint32_t sign = random.chance(50) ? format.sign_bit() : 0;
  switch (values) {
    case Values::Weights: {
      const double sum = random.uniform() + random.uniform() + random.uniform() - 1.5;
      return reference_narrow(sum * 0.04, format);
    }
    case Values::Wide: {
      const std::uint32_t limit = reference_narrow(256, format);
      return sign | static_cast<std::uint32_t>(random.below(limit));
    }
    case Values::Denormal:
      return sign | static_cast<std::uint32_t>(random.below(random.chance(50) ? 4 : 1u << format.fraction_bits));
    case Values::Huge: return sign | (format.infinity() - 1 - static_cast<std::uint32_t>(random.below(64)));
    case Values::Zero: return sign;
    default: return sign | reference_narrow(0.0625, format);
  }
}

TestSource random_source(Random& random, Dtype dtype, std::size_t element_count, Values values) {
  TestSource out(dtype, element_count, random.below(9));
  const FloatFormat format = format_of(dtype);
  for (std::size_t i = 0; i < element_count; ++i) out.set_pattern(i, random_pattern(random, format, values));
  return out;
}

TestSource random_neighbour(Random& random, Dtype dtype, const TestSource& base) {
  TestSource out(dtype, base.element_count(), random.below(9));
  const FloatFormat base_format = format_of(base.source().dtype);
  const FloatFormat format = format_of(dtype);
  const int reach = random.pick({1, 2, 5, 40});
  for (std::size_t i = 0; i < base.element_count(); ++i) {
    const std::uint32_t near = reference_narrow(reference_widen(base.pattern(i), base_format), format);
    const std::uint32_t sign = near & format.sign_bit();
    auto magnitude = static_cast<std::int64_t>(near & ~format.sign_bit());
    magnitude += static_cast<std::int64_t>(random.below(2 * static_cast<std::uint64_t>(reach) + 1)) - reach;
    const auto largest = static_cast<std::int64_t>(format.infinity()) - 1;
    magnitude = magnitude < 0 ? 0 : magnitude > largest ? largest : magnitude;
    out.set_pattern(i, sign | static_cast<std::uint32_t>(magnitude));
  }
  return out;
}

void make_not_finite(Random& random, TestSource& source, std::size_t element) {
  const FloatFormat format = format_of(source.source().dtype);
  const std::uint32_t sign = random.chance(50) ? format.sign_bit() : 0;
  const auto payload = static_cast<std::uint32_t>(random.pick<std::uint64_t>(
      {0, 1, 1u << (format.fraction_bits - 1), random.below(1u << format.fraction_bits)}));
  source.set_pattern(element, sign | format.infinity() | payload);
}

}  // namespace tiesmith::test
