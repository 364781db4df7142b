// What the calling thread has cost so far, for those who measure: wall time less this was spent waiting.
#include <ctime>

#include "bindings/addon.h"

namespace tiesmith {
namespace {

// threadCpuSeconds() -> seconds that this thread has had a core. What /proc tells of it lags by a tick (4 ms).
Napi::Value thread_cpu_seconds(const Napi::CallbackInfo& info) {
  timespec time{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return Napi::Number::New(info.Env(), static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) * 1e-9);
}

}  // namespace

void define_clock_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("threadCpuSeconds", Napi::Function::New(env, thread_cpu_seconds, "threadCpuSeconds"));
}

}  // namespace tiesmith
