#if defined(__x86_64__)
#include <immintrin.h>

#include "kernel_includes.h"
#include "kernel_sets.h"

TIESMITH_TARGET_BEGIN("avx512f,avx512bw,avx512dq,avx512vl,bmi,bmi2,popcnt")
namespace tiesmith::avx512_set {
#include "vec_avx512.h"
#include "kernel_set.inl"
}  // namespace tiesmith::avx512_set
TIESMITH_TARGET_END

const tiesmith::KernelTable tiesmith::avx512_kernels = tiesmith::avx512_set::table("avx512");
#endif
