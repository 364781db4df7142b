// The kernel sets that this build has, and the choice among them.
#pragma once

#include <string_view>
#include <vector>

#include "kernel_types.h"

namespace tiesmith {

extern const KernelTable scalar_kernels;
#if defined(__x86_64__)
extern const KernelTable avx2_kernels;
extern const KernelTable avx512_kernels;
#elif defined(__aarch64__)
extern const KernelTable neon_kernels;
#endif

// The sets that this CPU can run, best first; scalar is always last.
std::vector<const KernelTable*> supported_kernels();

// The set to use, chosen once: TIESMITH_KERNEL if it names a supported set, else the best one.
// Null if TIESMITH_KERNEL names no set that this CPU can run.
const KernelTable* chosen_kernels() noexcept;

}  // namespace tiesmith
