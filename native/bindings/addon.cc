#include "bindings/addon.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "kernels/kernel_sets.h"

namespace tiesmith {
namespace {

// A power of two and a little more, since chunks differ by where they lie in a block of direct I/O. Rooms of many sizes
// would be given back to the system and asked for again all the time: clearing their pages took 8 % of a merge.
std::size_t size_class(std::size_t byte_count) {
  constexpr std::size_t kMargin = std::size_t{64} << 10;
  return std::bit_ceil(std::max(byte_count, 2 * kMargin) - kMargin) + kMargin;
}

}  // namespace

std::shared_ptr<Scratch> Scratch::shared() {
  static std::mutex mutex;
  static std::weak_ptr<Scratch> living;
  const std::lock_guard lock(mutex);
  auto scratch = living.lock();
  if (scratch == nullptr) living = scratch = std::make_shared<Scratch>();
  return scratch;
}

std::unique_ptr<AlignedBuffer> ScratchPool::acquire(std::size_t byte_count) {
  const std::size_t size = size_class(byte_count);
  {
    const std::lock_guard lock(mutex_);
    auto& idle = idle_[size];
    if (!idle.empty()) {
      // The last one that was used is the likeliest to be in the cache.
      auto buffer = std::move(idle.back());
      idle.pop_back();
      return buffer;
    }
  }
  return std::make_unique<AlignedBuffer>(size, pages_);
}

void ScratchPool::release(std::unique_ptr<AlignedBuffer> buffer) {
  const std::lock_guard lock(mutex_);
  idle_[buffer->size()].push_back(std::move(buffer));
}

void ScratchPool::empty() {
  const std::lock_guard lock(mutex_);
  idle_.clear();
}

TiesmithAddon::TiesmithAddon(Napi::Env env, Napi::Object exports) : kernels_(chosen_kernels()) {
  if (kernels_ == nullptr) {
    std::string names;
    for (const KernelTable* set : supported_kernels()) names += (names.empty() ? "" : ", ") + std::string(set->name);
    throw Napi::Error::New(env, "Expected TIESMITH_KERNEL to be one of " + names + " on this CPU, but received " +
                                    std::getenv("TIESMITH_KERNEL"));
  }
  exports.Set("kernel", kernels_->name);
  auto supported = Napi::Array::New(env);
  for (const KernelTable* set : supported_kernels()) supported.Set(supported.Length(), set->name);
  exports.Set("supportedKernels", supported);
  exports.Set("blockElements", static_cast<double>(kBlockElements));
  define_file_functions(env, exports);
  define_kernel_functions(env, exports);
  define_draft_functions(env, exports);
  define_output_functions(env, exports);
  define_analysis_functions(env, exports);
  define_clock_functions(env, exports);
}

TiesmithAddon& addon_of(const Napi::CallbackInfo& info) { return *info.Env().GetInstanceData<TiesmithAddon>(); }

void throw_system_error(Napi::Env env, const SystemError& error, const std::string& path) {
  auto thrown = Napi::Error::New(env, std::string(error.call) + " " + path + ": " + std::strerror(error.code));
  thrown.Set("errno", Napi::Number::New(env, error.code));
  thrown.Set("syscall", error.call);
  thrown.Set("path", path);
  throw thrown;
}

}  // namespace tiesmith

using TiesmithAddonForNode = tiesmith::TiesmithAddon;
NODE_API_ADDON(TiesmithAddonForNode)
