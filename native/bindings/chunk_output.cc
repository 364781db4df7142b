#include "bindings/chunk_output.h"

#include <cstring>

namespace tiesmith {
namespace {

// Far more than any chunk has (8 MiB), and less than a system promises without having it.
constexpr std::size_t kMaxBytes = 1u << 30;

// A finished chunk in scratch memory, written by a thread of libuv's pool while this thread goes on.
class ChunkWrite : public Napi::AsyncWorker {
 public:
  ChunkWrite(Napi::Env env, std::shared_ptr<Scratch> pool, std::unique_ptr<AlignedBuffer> scratch,
             std::shared_ptr<OutputFile> file, std::size_t lead, std::size_t byte_count, std::uint64_t byte_offset,
             Napi::Object result)
      : Napi::AsyncWorker(env, "tiesmith.write"), deferred_(Napi::Promise::Deferred::New(env)), pool_(std::move(pool)),
        scratch_(std::move(scratch)), file_(std::move(file)), lead_(lead), byte_count_(byte_count),
        byte_offset_(byte_offset), result_(Napi::Persistent(result)) {}

  Napi::Promise promise() const { return deferred_.Promise(); }

 protected:
  void Execute() override { error_ = file_->write(scratch_->data() + lead_, byte_count_, byte_offset_); }

  void OnOK() override {
    const Napi::HandleScope scope(Env());
    pool_->outputs.release(std::move(scratch_));
    file_.reset();
    if (!error_) return deferred_.Resolve(result_.Value());
    auto thrown = Napi::Error::New(Env(), std::string(error_.call) + ": " + std::strerror(error_.code));
    thrown.Set("errno", Napi::Number::New(Env(), error_.code));
    thrown.Set("syscall", error_.call);
    deferred_.Reject(thrown.Value());
  }

 private:
  Napi::Promise::Deferred deferred_;
  std::shared_ptr<Scratch> pool_;
  std::unique_ptr<AlignedBuffer> scratch_;
  std::shared_ptr<OutputFile> file_;
  std::size_t lead_, byte_count_;
  std::uint64_t byte_offset_;
  Napi::ObjectReference result_;
  SystemError error_;
};

}  // namespace

std::unique_ptr<AlignedBuffer> acquire_output(const Napi::CallbackInfo& info, std::size_t lead, std::size_t byte_count) {
  if (byte_count > kMaxBytes)
    throw Napi::RangeError::New(info.Env(), "Expected a chunk of at most 1 GiB, but received " + std::to_string(byte_count));
  return addon_of(info).scratch().outputs.acquire(lead + byte_count);
}

ChunkOutput::ChunkOutput(const Napi::CallbackInfo& info, const FieldReader& reader, std::size_t byte_count)
    : ChunkOutput(info, reader, byte_count, acquire_output(info, reader.count("byteOffset") % kDirectBytes, byte_count)) {}

ChunkOutput::ChunkOutput(const Napi::CallbackInfo& info, const FieldReader& reader, std::size_t byte_count,
                         std::unique_ptr<AlignedBuffer> scratch)
    : file_(native_of<OutputFile>(info.Env(), reader.field("file"))), byte_offset_(reader.count("byteOffset")),
      lead_(byte_offset_ % kDirectBytes), byte_count_(byte_count), scratch_(std::move(scratch)) {
  if (lead_ + byte_count_ > scratch_->size()) throw Napi::RangeError::New(info.Env(), "Expected scratch that holds the output");
}

Napi::Value ChunkOutput::write(const Napi::CallbackInfo& info, Napi::Object result) {
  auto* work = new ChunkWrite(info.Env(), addon_of(info).shared_scratch(), std::move(scratch_), std::move(file_), lead_,
                              byte_count_, byte_offset_, result);
  const Napi::Promise promise = work->promise();
  work->Queue();
  return promise;
}

}  // namespace tiesmith
