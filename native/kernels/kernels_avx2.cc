#if defined(__x86_64__)
#include <immintrin.h>

#include "kernel_includes.h"
#include "kernel_sets.h"

TIESMITH_TARGET_BEGIN("avx2,f16c,bmi,bmi2,popcnt")
namespace tiesmith::avx2_set {
#include "vec_avx2.h"
#include "kernel_set.inl"
}  // namespace tiesmith::avx2_set
TIESMITH_TARGET_END

const tiesmith::KernelTable tiesmith::avx2_kernels = tiesmith::avx2_set::table("avx2");
#endif
