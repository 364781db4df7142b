// Floating formats by arithmetic in f64: independent of the bit tricks that the kernels use.
#pragma once

#include <cstdint>

#include "kernels/kernel_types.h"

namespace tiesmith::test {

// An IEEE 754 format: 1 sign bit, exponent bits, fraction bits.
struct FloatFormat {
  int exponent_bits;
  int fraction_bits;

  std::uint32_t sign_bit() const { return 1u << (exponent_bits + fraction_bits); }
  std::uint32_t infinity() const { return ((1u << exponent_bits) - 1u) << fraction_bits; }
  int bias() const { return (1 << (exponent_bits - 1)) - 1; }
};

FloatFormat format_of(Dtype);

// The value of a pattern, exact in f64: (-1)^s * 1.f * 2^(e - bias), or 0.f * 2^(1 - bias) for e = 0.
double reference_widen(std::uint32_t pattern, const FloatFormat&);

// The pattern of the nearest value, ties to the even fraction; Inf from halfway past the largest value.
std::uint32_t reference_narrow(double value, const FloatFormat&);

}  // namespace tiesmith::test
