#if defined(__aarch64__)
#include <arm_neon.h>

#include "kernel_includes.h"
#include "kernel_sets.h"

namespace tiesmith::neon_set {
#include "vec_neon.h"
#include "kernel_set.inl"
}  // namespace tiesmith::neon_set

const tiesmith::KernelTable tiesmith::neon_kernels = tiesmith::neon_set::table("neon");
#endif
