// Widening and narrowing of every half-precision pattern, at every rounding boundary.
#pragma once

#include <cstdint>
#include <string>

#include "kernels/kernel_types.h"

namespace tiesmith::test {

// Each gives what is wrong, or an empty string.
std::string widening_failure(const KernelTable&, Dtype half);
std::string narrowing_failure(const KernelTable&, Dtype half, std::uint64_t seed);
// half.h itself: the inline functions, NaN and Inf included.
std::string scalar_conversion_failure(Dtype half);

}  // namespace tiesmith::test
