// Where a chunk's result goes: scratch memory first, then the shard's file.
#pragma once

#include <memory>

#include "bindings/addon.h"
#include "bindings/chunk_job.h"

namespace tiesmith {

// { file, byteOffset, … }. The scratch starts at the same place within a block as the range in the file, so that
// whole blocks can be written directly.
class ChunkOutput {
 public:
  ChunkOutput(const Napi::CallbackInfo& info, const FieldReader& reader, std::size_t byte_count);
  // As above, in scratch that holds the result already.
  ChunkOutput(const Napi::CallbackInfo& info, const FieldReader& reader, std::size_t byte_count,
              std::unique_ptr<AlignedBuffer> scratch);
  std::uint8_t* bytes() const { return scratch_->data() + lead_; }
  // Has a thread of libuv's pool write the scratch while this thread goes on; the promise is kept with `result`.
  Napi::Value write(const Napi::CallbackInfo& info, Napi::Object result);
  void discard(const Napi::CallbackInfo& info) { addon_of(info).scratch().outputs.release(std::move(scratch_)); }

 private:
  std::shared_ptr<OutputFile> file_;
  std::uint64_t byte_offset_;
  std::size_t lead_;
  std::size_t byte_count_;
  std::unique_ptr<AlignedBuffer> scratch_;
};

}  // namespace tiesmith
