// Cuts as the design defines them, by sorting and by the formula; no tricks.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernel_types.h"

namespace tiesmith::test {

// |value| as the integer that orders like it.
std::uint32_t magnitude_key(float value);

// The cut that takes exactly `wanted` of the keys, the largest ones.
Cut cut_by_sorting(std::vector<std::uint32_t> keys, std::uint64_t wanted);

// Which keys are selected, the first key being the first of the cut's scope or of a chunk of it.
std::vector<bool> selected(const std::vector<std::uint32_t>& keys, TrimKind, const Cut&);

}  // namespace tiesmith::test
