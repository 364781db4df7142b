// What one environment (the main thread, or a worker) holds, and what the binding files give it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "bindings/handle.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "io/pages_done.h"
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

// Scratch buffers of the process, used again from chunk to chunk. Thread-safe: what one thread drafts, another may
// write.
class ScratchPool {
 public:
  // Every buffer of a pool has the same kind of pages.
  explicit ScratchPool(AlignedBuffer::Pages pages) : pages_(pages) {}
  std::unique_ptr<AlignedBuffer> acquire(std::size_t byte_count);
  void release(std::unique_ptr<AlignedBuffer> buffer);
  // Gives idle buffers back to the system.
  void empty();

 private:
  const AlignedBuffer::Pages pages_;
  std::mutex mutex_;
  std::map<std::size_t, std::vector<std::unique_ptr<AlignedBuffer>>> idle_;  // by size
};

// Scratch memory that all environments of the process share; gone with the last of them.
struct Scratch {
  ScratchPool outputs{AlignedBuffer::Pages::Large};
  ScratchPool undecided{AlignedBuffer::Pages::Small};
  static std::shared_ptr<Scratch> shared();
};

class TiesmithAddon : public Napi::Addon<TiesmithAddon> {
 public:
  TiesmithAddon(Napi::Env env, Napi::Object exports);
  const KernelTable& kernels() const { return *kernels_; }
  Scratch& scratch() { return *scratch_; }
  // Shared with writes under way, which may outlast the environment's own teardown order.
  std::shared_ptr<Scratch> shared_scratch() { return scratch_; }
  // Of this thread.
  PagesDone& pages_done() { return pages_done_; }

  // Room for what this thread's calls compute on the way; the next call may use it again.
  std::uint8_t* results(std::size_t byte_count) {
    if (results_.size() < byte_count) results_.resize(byte_count);
    return results_.data();
  }

 private:
  std::vector<std::uint8_t> results_;
  PagesDone pages_done_;
  const KernelTable* kernels_;
  std::shared_ptr<Scratch> scratch_ = Scratch::shared();
};

TiesmithAddon& addon_of(const Napi::CallbackInfo& info);

// Throws a JS Error with code ("ENOSPC"), syscall and path.
[[noreturn]] void throw_system_error(Napi::Env env, const SystemError& error, const std::string& path);

void define_file_functions(Napi::Env env, Napi::Object exports);
void define_draft_functions(Napi::Env env, Napi::Object exports);
void define_kernel_functions(Napi::Env env, Napi::Object exports);
void define_output_functions(Napi::Env env, Napi::Object exports);
void define_analysis_functions(Napi::Env env, Napi::Object exports);
void define_clock_functions(Napi::Env env, Napi::Object exports);

}  // namespace tiesmith
