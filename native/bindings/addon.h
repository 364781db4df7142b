// What one environment (the main thread, or a worker) holds, and what the binding files give it.
#pragma once

#include <memory>
#include <vector>

#include "bindings/handle.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "kernels/kernel_types.h"

namespace tiesmith {

template <>
struct HandleTag<const MappedFile> {
  static constexpr napi_type_tag value{0x7469657346696c65, 0x6d61707065640001};
  static constexpr const char* name = "a mapped file";
};
template <>
struct HandleTag<OutputFile> {
  static constexpr napi_type_tag value{0x7469657346696c65, 0x6f75747075740001};
  static constexpr const char* name = "an output file";
};

// Scratch buffers of one environment, used again from chunk to chunk. Only its own thread touches it.
class ScratchPool {
 public:
  std::unique_ptr<AlignedBuffer> acquire(std::size_t byte_count);
  void release(std::unique_ptr<AlignedBuffer> buffer);

 private:
  std::vector<std::unique_ptr<AlignedBuffer>> idle_;
};

class TiesmithAddon : public Napi::Addon<TiesmithAddon> {
 public:
  TiesmithAddon(Napi::Env env, Napi::Object exports);
  const KernelTable& kernels() const { return *kernels_; }
  ScratchPool& scratch() { return *scratch_; }
  // Shared with writes under way, which may outlast the environment's own teardown order.
  std::shared_ptr<ScratchPool> shared_scratch() { return scratch_; }

 private:
  const KernelTable* kernels_;
  std::shared_ptr<ScratchPool> scratch_ = std::make_shared<ScratchPool>();
};

TiesmithAddon& addon_of(const Napi::CallbackInfo& info);

// Throws a JS Error with code ("ENOSPC"), syscall and path.
[[noreturn]] void throw_system_error(Napi::Env env, const SystemError& error, const std::string& path);

void define_file_functions(Napi::Env env, Napi::Object exports);
void define_kernel_functions(Napi::Env env, Napi::Object exports);
void define_analysis_functions(Napi::Env env, Napi::Object exports);

}  // namespace tiesmith
