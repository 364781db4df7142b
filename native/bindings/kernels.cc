// Functions on chunks: parse, run one kernel, give plain data. No arithmetic of their own.
#include <cerrno>
#include <cmath>
#include <cstring>

#include "bindings/addon.h"
#include "bindings/chunk_job.h"
#include "bindings/chunk_output.h"
#include "bindings/chunk_result.h"
#include "bindings/encoded_output.h"
#include "bindings/float_environment.h"
#include "io/xxh3.h"

namespace tiesmith {
namespace {

// tallyTrim({ base, model, elementCount }, window, sampling, earlier) -> { above, bins }
Napi::Value tally_trim(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FieldReader job(env, info[0], "job");
  const std::uint64_t count = job.count("elementCount");
  const HeldSource base = read_source(env, job.field("base"), count);
  const HeldSource model = read_source(env, job.field("model"), count);
  const Window window = read_window(env, info[1]);
  const SampledReading sampling = read_sampling(env, info[2], count);
  BinBuffer bins(env, window, info[3]);
  if (sampling.populates) {
    base.populate(env);
    model.populate(env);
  }
  const FloatEnvironment floats;
  const KernelTable& kernels = addon_of(info).kernels();
  guarded_read(env, {base, model}, [&] {
    kernels.tally_trim(base.source, model.source, count, window, sampling, bins.tally);
  });
  return bins.result(env);
}

// tallySlack(job, election, window, sampling, earlier) -> { above, bins, positive, negative, retained, discarded }
Napi::Value tally_slack(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  if (job.inputs().base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  const Election election = read_election(env, info[1], job.inputs().model_count);
  const Window window = read_window(env, info[2]);
  const SampledReading sampling = read_sampling(env, info[3], job.inputs().element_count);
  BinBuffer bins(env, window, info[4]);
  ElectionCounts counts{};
  if (sampling.populates) job.populate();
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    guarded_read(env, job.ranges(), [&] {
      kernels.tally_slack(job.inputs(), election, window, sampling, bins.tally, counts);
    });
  }
  return slack_tally_as_object(env, bins, counts);
}

// Results per block are kept in memory that V8 ends the process for want of: for 256 models these are 256 MB.
constexpr std::uint64_t kMaxElements = 1u << 28;

std::size_t block_count(Napi::Env env, std::uint64_t element_count) {
  if (element_count > kMaxElements)
    throw Napi::RangeError::New(env, "Expected at most 2^28 elements, but received " + std::to_string(element_count));
  return (element_count + kBlockElements - 1) / kBlockElements;
}

// blockNorms(job) -> Float64Array, model by model, 2 per block: L1 of the task vector before and after trim
Napi::Value block_norms(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = job.inputs();
  if (inputs.base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  const std::size_t per_model = 2 * block_count(env, inputs.element_count);
  auto norms = Napi::Float64Array::New(env, per_model * inputs.model_count);
  double* const room = norms.Data();
  job.populate();
  const FloatEnvironment floats;
  const KernelTable& kernels = addon_of(info).kernels();
  guarded_read(env, job.ranges(), [&] {
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      kernels.block_norms(*inputs.base, inputs.models[m], inputs.element_count, room + m * per_model);
  });
  return norms;
}

// compare(a, b, elementCount) -> { differing, sameSign, notFinite, maxAbsolute, squares }
Napi::Value compare(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::uint64_t count = read_count(env, info[2], "elementCount");
  const HeldSource a = read_source(env, info[0], count), b = read_source(env, info[1], count);
  auto squares = Napi::Float64Array::New(env, 2 * block_count(env, count));
  double* const room = squares.Data();
  Difference difference{};
  a.populate(env);
  b.populate(env);
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    guarded_read(env, {a, b}, [&] { kernels.compare(a.source, b.source, count, difference, room); });
  }
  auto result = Napi::Object::New(env);
  result.Set("differing", static_cast<double>(difference.differing));
  result.Set("sameSign", static_cast<double>(difference.same_sign));
  result.Set("notFinite", static_cast<double>(difference.not_finite));
  result.Set("maxAbsolute", static_cast<double>(difference.max_absolute));
  result.Set("squares", squares);
  return result;
}

void hash_block(void* context, const std::uint8_t* bytes, std::size_t byte_count) noexcept {
  static_cast<Xxh3*>(context)->update(bytes, byte_count);
}

// combine(kind, job, election, combination, output) -> promise of { hash, models, conflicts, ... }, kept when
// the chunk is written; or { failure: { status, element, source } } at once where a value is not finite, or unfit for
// the encoding of the output.
Napi::Value combine(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const std::string kind = info[0].IsString() ? info[0].As<Napi::String>().Utf8Value() : "";
  const ChunkJob job(env, info[1]);
  const ChunkInputs& inputs = job.inputs();
  const bool needs_base = kind != "linear";
  if (kind != "linear" && kind != "task" && kind != "ties")
    throw Napi::RangeError::New(env, "Expected kind to be linear, task or ties");
  if (needs_base && inputs.base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  const Election election = read_election(env, info[2], inputs.model_count);
  const Combination combination = read_combination(env, info[3], election);
  const FieldReader target(env, info[4], "output");
  const Dtype dtype = read_dtype(env, target.text("dtype"));
  const bool saturate = target.boolean("saturate");
  const std::optional<Encoding> encoding = read_encoding(env, target, inputs.element_count);
  ChunkOutput chunk(info, target, inputs.element_count * dtype_bytes(dtype));

  Xxh3 hash;
  // What is encoded is hashed as it is written.
  const BlockSink sink = encoding ? BlockSink{nullptr, nullptr} : BlockSink{hash_block, &hash};
  const Output output{chunk.bytes(), dtype, saturate, sink};
  std::vector<ModelCounts> per_model(inputs.model_count);
  CombineCounts counts{};
  Outcome outcome;
  job.populate();
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    guarded_read(env, job.ranges(), [&] {
      if (kind == "linear") outcome = kernels.combine_linear(inputs, combination, output, counts);
      else if (kind == "task") outcome = kernels.combine_task(inputs, combination, output, per_model.data(), counts);
      else outcome = kernels.combine_ties(inputs, election, combination, output, per_model.data(), counts);
    });
  }
  if (outcome.status != Status::Ok) {
    chunk.discard(info);
    return failure_as_object(env, outcome);
  }
  job.add_to(addon_of(info).pages_done());
  auto result = counts_as_object(env, per_model, counts);
  if (encoding) return write_encoded(info, target, chunk, dtype, inputs.element_count, *encoding, result);
  result.Set("hash", hash.hex());
  return chunk.write(info, result);
}

// copyRange({ file, byteOffset }, byteCount, output) -> promise of { hash }: bytes as they are
Napi::Value copy_range(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FieldReader from(env, info[0], "source");
  const auto file = native_of<const MappedFile>(env, from.field("file"));
  const std::uint64_t count = read_count(env, info[1], "byteCount");
  const HeldRange range = hold_range(env, file, from.count("byteOffset"), count);
  ChunkOutput chunk(info, FieldReader(env, info[2], "output"), count);
  std::uint8_t* const room = chunk.bytes();
  range.populate(env);
  if (count > 0) guarded_read(env, {range}, [&] { std::memcpy(room, range.bytes(), count); });
  Xxh3 hash;
  hash.update(chunk.bytes(), count);
  auto result = Napi::Object::New(env);
  result.Set("hash", hash.hex());
  return chunk.write(info, result);
}

// releaseScratch(): gives idle scratch memory back to the system
Napi::Value release_scratch(const Napi::CallbackInfo& info) {
  addon_of(info).scratch().outputs.empty();
  addon_of(info).scratch().undecided.empty();
  return info.Env().Undefined();
}

}  // namespace

void define_kernel_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("tallyTrim", Napi::Function::New(env, tally_trim, "tallyTrim"));
  exports.Set("tallySlack", Napi::Function::New(env, tally_slack, "tallySlack"));
  exports.Set("blockNorms", Napi::Function::New(env, block_norms, "blockNorms"));
  exports.Set("compare", Napi::Function::New(env, compare, "compare"));
  exports.Set("combine", Napi::Function::New(env, combine, "combine"));
  exports.Set("releaseScratch", Napi::Function::New(env, release_scratch, "releaseScratch"));
  exports.Set("copyRange", Napi::Function::New(env, copy_range, "copyRange"));
}

}  // namespace tiesmith
