#include "test/conversion_test.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "kernels/half.h"
#include "test/random_source.h"
#include "test/reference_floats.h"

namespace tiesmith::test {

// A linear merge of one model with weight 1: x * 1 is x, so that nothing but the conversions acts.
static Outcome convert(const KernelTable& set, const Source& source, std::size_t element_count, Dtype to,
                       std::uint8_t* out) {
  const ModelInput model{source, 1, 1, 1, TrimKind::Everything, {0, 0, 0, 0}};
  CombineCounts counts{0, 0, 0};
  return set.combine_linear({nullptr, &model, 1, element_count}, {1, false, false, {0, 0, 0, 0}},
                            {out, to, true, {nullptr, nullptr}}, counts);
}

static std::string describe(const char* what, std::uint32_t input) {
  return std::string(what) + " of pattern " + std::to_string(input);
}

// The format's finite patterns, both signs.
static std::vector<std::uint32_t> finite_patterns(const FloatFormat& format) {
  std::vector<std::uint32_t> out;
  for (std::uint32_t magnitude = 0; magnitude < format.infinity(); ++magnitude)
    for (const std::uint32_t sign : {0u, format.sign_bit()}) out.push_back(sign | magnitude);
  return out;
}

std::string widening_failure(const KernelTable& set, Dtype half) {
  const FloatFormat format = format_of(half);
  const std::vector<std::uint32_t> patterns = finite_patterns(format);
  TestSource source(half, patterns.size(), 3);
  for (std::size_t i = 0; i < patterns.size(); ++i) source.set_pattern(i, patterns[i]);
  std::vector<float> wide(patterns.size());
  if (convert(set, source.source(), wide.size(), Dtype::F32, reinterpret_cast<std::uint8_t*>(wide.data())).status !=
      Status::Ok)
    return "widening finite patterns fails";
  for (std::size_t i = 0; i < wide.size(); ++i) {
    const auto expected = static_cast<float>(reference_widen(patterns[i], format));
    if (std::memcmp(&wide[i], &expected, 4) != 0) return describe("widening", patterns[i]);
  }
  // Every pattern from infinity on is refused.
  for (std::uint32_t magnitude = format.infinity(); magnitude < format.sign_bit(); ++magnitude) {
    TestSource odd(half, 1, 1);
    odd.set_pattern(0, magnitude | (magnitude % 2 == 0 ? format.sign_bit() : 0));
    float out = 0;
    if (convert(set, odd.source(), 1, Dtype::F32, reinterpret_cast<std::uint8_t*>(&out)).status != Status::NotFinite)
      return describe("accepting the NaN or Inf", magnitude);
  }
  return "";
}

// Around every value of the format and every midpoint between two: itself and its neighbours in f32; then
// random floats. Values past the largest saturate.
static std::vector<float> narrowing_inputs(const FloatFormat& format, std::uint64_t seed) {
  std::vector<float> out;
  double step = 0;
  for (std::uint32_t magnitude = 0; magnitude < format.infinity(); ++magnitude) {
    const double low = reference_widen(magnitude, format), high = reference_widen(magnitude + 1, format);
    if (std::isfinite(high)) step = high - low;  // past the largest value the grid goes on, up to Inf
    for (const double value : {low, low + step / 2}) {
      const auto centre = static_cast<float>(value);
      for (const float near : {centre, std::nextafterf(centre, 0.0f), std::nextafterf(centre, INFINITY)}) {
        out.push_back(near);
        out.push_back(-near);
      }
    }
  }
  Random random(seed);
  const FloatFormat wide{8, 23};
  for (int i = 0; i < 1'000'000; ++i) {
    // Half of them over all exponents, half where the format has values of its own.
    const auto bits = static_cast<std::uint32_t>(random.bits());
    const double any = reference_widen(bits % wide.infinity() | (bits & wide.sign_bit()), wide);
    const double largest = reference_widen(format.infinity() - 1, format);
    const double inside = std::ldexp(random.uniform() - 0.5, static_cast<int>(random.below(44)) - 26);
    out.push_back(static_cast<float>(i % 2 == 0 ? any : std::clamp(inside, -largest, largest)));
  }
  return out;
}

static std::uint32_t saturated(std::uint32_t pattern, const FloatFormat& format) {
  return (pattern & ~format.sign_bit()) == format.infinity() ? pattern - 1 : pattern;
}

std::string narrowing_failure(const KernelTable& set, Dtype half, std::uint64_t seed) {
  const FloatFormat format = format_of(half);
  const std::vector<float> inputs = narrowing_inputs(format, seed);
  std::vector<std::uint16_t> narrow(inputs.size());
  const Source source{reinterpret_cast<const std::uint8_t*>(inputs.data()), Dtype::F32};
  if (convert(set, source, inputs.size(), half, reinterpret_cast<std::uint8_t*>(narrow.data())).status != Status::Ok)
    return "narrowing finite values fails";
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const std::uint32_t expected = reference_narrow(static_cast<double>(inputs[i]), format);
    if (narrow[i] != saturated(expected, format)) return "narrowing of " + std::to_string(inputs[i]);
  }
  return "";
}

std::string scalar_conversion_failure(Dtype half) {
  const FloatFormat format = format_of(half);
  const bool is_f16 = half == Dtype::F16;
  for (std::uint32_t pattern = 0; pattern < 0x10000u; ++pattern) {
    const auto raw = static_cast<std::uint16_t>(pattern);
    const float wide = is_f16 ? widen_f16(raw) : widen_bf16(raw);
    const double expected = reference_widen(pattern, format);
    const std::uint16_t back = is_f16 ? narrow_f16(wide) : narrow_bf16(wide);
    if (std::isnan(expected)) {
      if (!std::isnan(wide) || (back & ~format.sign_bit()) <= format.infinity()) return describe("NaN", pattern);
    } else if (static_cast<double>(wide) != expected || std::signbit(wide) != std::signbit(expected) || back != raw) {
      return describe("half.h", pattern);
    }
  }
  const std::vector<float> inputs = narrowing_inputs(format, 1);
  for (const float input : inputs) {
    const std::uint16_t narrow = is_f16 ? narrow_f16(input) : narrow_bf16(input);
    if (narrow != reference_narrow(static_cast<double>(input), format)) return "narrowing of " + std::to_string(input);
  }
  return "";
}

}  // namespace tiesmith::test
