#include "kernel_sets.h"

#include <cstdlib>

namespace tiesmith {

std::vector<const KernelTable*> supported_kernels() {
  std::vector<const KernelTable*> sets;
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool bmi = __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("popcnt");
  if (bmi && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl"))
    sets.push_back(&avx512_kernels);
  // Every CPU with AVX2 has F16C; GCC 12's __builtin_cpu_supports cannot be asked for it.
  if (bmi && __builtin_cpu_supports("avx2")) sets.push_back(&avx2_kernels);
#elif defined(__aarch64__)
  sets.push_back(&neon_kernels);
#endif
  sets.push_back(&scalar_kernels);
  return sets;
}

const KernelTable* chosen_kernels() noexcept {
  static const KernelTable* const chosen = []() -> const KernelTable* {
    const auto sets = supported_kernels();
    const char* wanted = std::getenv("TIESMITH_KERNEL");
    if (wanted == nullptr || *wanted == '\0') return sets.front();
    for (const KernelTable* set : sets)
      if (std::string_view(set->name) == wanted) return set;
    return nullptr;
  }();
  return chosen;
}

}  // namespace tiesmith
