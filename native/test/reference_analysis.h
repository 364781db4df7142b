// The analysis of an election, one parameter at a time.
#pragma once

#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

void record_reference_analysis(Transcript&, const KernelCase&);

// Octaves are counted in every second block.
inline constexpr std::size_t kOctaveStride = 2;

// The trims under which the classes of a case's first two models are counted: each model's own; for the first also
// everything, for the second also nothing.
inline constexpr std::size_t kClassTrims = 2;

}  // namespace tiesmith::test
