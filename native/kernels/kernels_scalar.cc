#include "kernel_includes.h"
#include "kernel_sets.h"

namespace tiesmith::scalar_set {
#include "vec_scalar.h"
#include "kernel_set.inl"
}  // namespace tiesmith::scalar_set

const tiesmith::KernelTable tiesmith::scalar_kernels = tiesmith::scalar_set::table("scalar");
