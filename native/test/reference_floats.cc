#include "test/reference_floats.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tiesmith::test {

FloatFormat format_of(Dtype dtype) {
  switch (dtype) {
    case Dtype::F32: return {8, 23};
    case Dtype::F16: return {5, 10};
    default: return {8, 7};
  }
}

double reference_widen(std::uint32_t pattern, const FloatFormat& format) {
  const bool negative = (pattern & format.sign_bit()) != 0;
  const std::uint32_t magnitude = pattern & ~format.sign_bit();
  const auto exponent = static_cast<int>(magnitude >> format.fraction_bits);
  const std::uint32_t fraction = magnitude & ((1u << format.fraction_bits) - 1u);
  double value = 0;
  if (magnitude > format.infinity()) value = std::numeric_limits<double>::quiet_NaN();
  else if (magnitude == format.infinity()) value = std::numeric_limits<double>::infinity();
  else {
    const std::uint32_t hidden = exponent == 0 ? 0 : 1u << format.fraction_bits;
    value = std::ldexp(fraction + hidden, (exponent == 0 ? 1 : exponent) - format.bias() - format.fraction_bits);
  }
  return negative ? -value : value;
}

std::uint32_t reference_narrow(double value, const FloatFormat& format) {
  const std::uint32_t sign = std::signbit(value) ? format.sign_bit() : 0;
  if (std::isnan(value)) return sign | format.infinity() | 1u << (format.fraction_bits - 1);
  if (std::isinf(value)) return sign | format.infinity();
  if (value == 0) return sign;
  const int smallest = 1 - format.bias();
  const int exponent = std::max(std::ilogb(value), smallest);
  // In units of the last place there: exact, so nearbyint rounds once (to nearest, ties to even).
  const double units = std::nearbyint(std::ldexp(std::fabs(value), format.fraction_bits - exponent));
  // A denormal's exponent field is 0, one below the smallest normal's, whose hidden bit the units hold.
  // Units that round up to the next power of two carry into the exponent field by this same sum.
  const auto field = static_cast<std::uint64_t>(exponent + format.bias() - 1) << format.fraction_bits;
  const std::uint64_t magnitude = field + static_cast<std::uint64_t>(units);
  return sign | static_cast<std::uint32_t>(magnitude < format.infinity() ? magnitude : format.infinity());
}

}  // namespace tiesmith::test
