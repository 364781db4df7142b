// Runs every kernel of a set over a case.
#pragma once

#include "kernels/kernel_types.h"
#include "test/kernel_case.h"
#include "test/transcript.h"

namespace tiesmith::test {

// In one call each, or `chunked`: cut at multiples of the case's chunk size, with first_tie counted. Both
// must give the same transcript.
Transcript run_kernels(const KernelTable&, const KernelCase&, bool chunked);

}  // namespace tiesmith::test
