// Functions on chunks: parse, run one kernel, give plain data. No arithmetic of their own.
#include <cerrno>
#include <cstring>

#include "bindings/addon.h"
#include "bindings/chunk_job.h"
#include "bindings/chunk_output.h"
#include "bindings/float_environment.h"
#include "io/xxh3.h"

namespace tiesmith {
namespace {

// The bins that a tally fills, as an ArrayBuffer (zeroed by V8): per bin a u32 count and a u32 low_seen.
// A tally of an earlier call with the same window can be gone on with.
struct BinBuffer {
  Napi::ArrayBuffer buffer;
  Tally tally;

  BinBuffer(Napi::Env env, const Window& window, const Napi::Value& earlier) : tally{0, nullptr} {
    const std::size_t bytes = window.bin_count() * sizeof(Bin);
    if (earlier.IsUndefined() || earlier.IsNull()) {
      buffer = Napi::ArrayBuffer::New(env, bytes);
    } else {
      const FieldReader reader(env, earlier, "tally");
      if (!reader.field("bins").IsArrayBuffer()) throw Napi::TypeError::New(env, "Expected tally.bins to be an ArrayBuffer");
      buffer = reader.field("bins").As<Napi::ArrayBuffer>();
      if (buffer.ByteLength() != bytes) throw Napi::RangeError::New(env, "Expected tally.bins to fit the window");
      tally.above = reader.count("above");
    }
    tally.bins = static_cast<Bin*>(buffer.Data());
  }
  Napi::Object result(Napi::Env env) const {
    auto object = Napi::Object::New(env);
    object.Set("above", static_cast<double>(tally.above));
    object.Set("bins", buffer);
    return object;
  }
};

// tallyTrim({ base, model, elementCount }, window, sampling, earlier) -> { above, bins }
Napi::Value tally_trim(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FieldReader job(env, info[0], "job");
  const std::uint64_t count = job.count("elementCount");
  const HeldSource base = read_source(env, job.field("base"), count);
  const HeldSource model = read_source(env, job.field("model"), count);
  const Window window = read_window(env, info[1]);
  const Sampling sampling = read_sampling(env, info[2], count);
  BinBuffer bins(env, window, info[3]);
  if (sampling.run == sampling.stride) {
    base.file->populate(base.byte_offset, count * dtype_bytes(base.source.dtype));
    model.file->populate(model.byte_offset, count * dtype_bytes(model.source.dtype));
  }
  const FloatEnvironment floats;
  addon_of(info).kernels().tally_trim(base.source, model.source, count, window, sampling, bins.tally);
  return bins.result(env);
}

// tallySlack(job, election, window, sampling, earlier) -> { above, bins, positive, negative, retained, discarded }
Napi::Value tally_slack(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  if (job.inputs().base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  const Election election = read_election(env, info[1], job.inputs().model_count);
  const Window window = read_window(env, info[2]);
  const Sampling sampling = read_sampling(env, info[3], job.inputs().element_count);
  BinBuffer bins(env, window, info[4]);
  ElectionCounts counts{};
  if (sampling.run == sampling.stride) job.populate();
  {
    const FloatEnvironment floats;
    addon_of(info).kernels().tally_slack(job.inputs(), election, window, sampling, bins.tally, counts);
  }
  auto result = bins.result(env);
  result.Set("positive", static_cast<double>(counts.positive));
  result.Set("negative", static_cast<double>(counts.negative));
  result.Set("retained", static_cast<double>(counts.priority_retained));
  result.Set("discarded", static_cast<double>(counts.priority_discarded));
  return result;
}

std::size_t block_count(std::uint64_t element_count) { return (element_count + kBlockElements - 1) / kBlockElements; }

// blockNorms(job) -> Float64Array, model by model, 2 per block: L1 of the task vector before and after trim
Napi::Value block_norms(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = job.inputs();
  if (inputs.base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  const std::size_t per_model = 2 * block_count(inputs.element_count);
  auto norms = Napi::Float64Array::New(env, per_model * inputs.model_count);
  job.populate();
  const FloatEnvironment floats;
  for (std::size_t m = 0; m < inputs.model_count; ++m)
    addon_of(info).kernels().block_norms(*inputs.base, inputs.models[m], inputs.element_count,
                                         norms.Data() + m * per_model);
  return norms;
}

// compare(a, b, elementCount) -> { differing, sameSign, notFinite, maxAbsolute, squares }
Napi::Value compare(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const double given = info[2].IsNumber() ? info[2].As<Napi::Number>().DoubleValue() : -1;
  if (!(given >= 0 && given <= 0x1p53)) throw Napi::TypeError::New(env, "Expected elementCount from 0");
  const auto count = static_cast<std::uint64_t>(given);
  const HeldSource a = read_source(env, info[0], count), b = read_source(env, info[1], count);
  auto squares = Napi::Float64Array::New(env, 2 * block_count(count));
  Difference difference{};
  a.file->populate(a.byte_offset, count * dtype_bytes(a.source.dtype));
  b.file->populate(b.byte_offset, count * dtype_bytes(b.source.dtype));
  {
    const FloatEnvironment floats;
    addon_of(info).kernels().compare(a.source, b.source, count, difference, squares.Data());
  }
  auto result = Napi::Object::New(env);
  result.Set("differing", static_cast<double>(difference.differing));
  result.Set("sameSign", static_cast<double>(difference.same_sign));
  result.Set("notFinite", static_cast<double>(difference.not_finite));
  result.Set("maxAbsolute", static_cast<double>(difference.max_absolute));
  result.Set("squares", squares);
  return result;
}

Combination read_combination(Napi::Env env, const Napi::Value& value) {
  const FieldReader reader(env, value, "combination");
  Combination combination{reader.number("lambda"), reader.boolean("normalize"), reader.has("slack"), {}};
  if (combination.has_slack) combination.slack = read_cut(env, reader.field("slack"));
  return combination;
}

Napi::Object counts_as_object(Napi::Env env, const std::vector<ModelCounts>& per_model, const CombineCounts& counts) {
  auto models = Napi::Array::New(env, per_model.size());
  for (std::uint32_t m = 0; m < per_model.size(); ++m) {
    auto model = Napi::Object::New(env);
    model.Set("zero", static_cast<double>(per_model[m].zero));
    model.Set("retained", static_cast<double>(per_model[m].retained));
    model.Set("inConflict", static_cast<double>(per_model[m].in_conflict));
    model.Set("discarded", static_cast<double>(per_model[m].discarded));
    models.Set(m, model);
  }
  auto result = Napi::Object::New(env);
  result.Set("models", models);
  result.Set("conflicts", static_cast<double>(counts.conflicts));
  result.Set("givenBack", static_cast<double>(counts.given_back));
  result.Set("saturated", static_cast<double>(counts.saturated));
  return result;
}

void hash_block(void* context, const std::uint8_t* bytes, std::size_t byte_count) noexcept {
  static_cast<Xxh3*>(context)->update(bytes, byte_count);
}

// combine(kind, job, election, combination, output) -> promise of { hash, models, conflicts, ... }, kept when
// the chunk is written; or { failure: { status, element, source } } at once where a value is not finite.
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
  const Combination combination = read_combination(env, info[3]);
  if (combination.has_slack && election.priority < 0)
    throw Napi::RangeError::New(env, "Expected a priority model where there is slack");
  const FieldReader target(env, info[4], "output");
  const Dtype dtype = read_dtype(env, target.text("dtype"));
  const bool saturate = target.boolean("saturate");
  ChunkOutput chunk(info, target, inputs.element_count * dtype_bytes(dtype));

  Xxh3 hash;
  const Output output{chunk.bytes(), dtype, saturate, {hash_block, &hash}};
  std::vector<ModelCounts> per_model(inputs.model_count);
  CombineCounts counts{};
  Outcome outcome;
  job.populate();
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    if (kind == "linear") outcome = kernels.combine_linear(inputs, combination, output, counts);
    else if (kind == "task") outcome = kernels.combine_task(inputs, combination, output, per_model.data(), counts);
    else outcome = kernels.combine_ties(inputs, election, combination, output, per_model.data(), counts);
  }
  if (outcome.status != Status::Ok) {
    chunk.discard(info);
    auto failure = Napi::Object::New(env);
    failure.Set("status", outcome.status == Status::NotFinite ? "notFinite" : "overflow");
    failure.Set("element", static_cast<double>(outcome.element));
    failure.Set("source", static_cast<double>(outcome.source));
    auto result = Napi::Object::New(env);
    result.Set("failure", failure);
    return result;
  }
  auto result = counts_as_object(env, per_model, counts);
  result.Set("hash", hash.hex());
  return chunk.write(info, result);
}

// copyRange({ file, byteOffset }, byteCount, output) -> promise of { hash }: bytes as they are
Napi::Value copy_range(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const FieldReader from(env, info[0], "source");
  const auto file = native_of<const MappedFile>(env, from.field("file"));
  const std::uint64_t offset = from.count("byteOffset");
  const double given = info[1].IsNumber() ? info[1].As<Napi::Number>().DoubleValue() : -1;
  if (!(given >= 0 && offset <= file->size() && given <= static_cast<double>(file->size() - offset)))
    throw Napi::RangeError::New(env, "Expected a range inside the source's file");
  const auto count = static_cast<std::size_t>(given);
  ChunkOutput chunk(info, FieldReader(env, info[2], "output"), count);
  file->populate(offset, count);
  if (count > 0) std::memcpy(chunk.bytes(), file->data() + offset, count);
  Xxh3 hash;
  hash.update(chunk.bytes(), count);
  auto result = Napi::Object::New(env);
  result.Set("hash", hash.hex());
  return chunk.write(info, result);
}

}  // namespace

void define_kernel_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("tallyTrim", Napi::Function::New(env, tally_trim, "tallyTrim"));
  exports.Set("tallySlack", Napi::Function::New(env, tally_slack, "tallySlack"));
  exports.Set("blockNorms", Napi::Function::New(env, block_norms, "blockNorms"));
  exports.Set("compare", Napi::Function::New(env, compare, "compare"));
  exports.Set("combine", Napi::Function::New(env, combine, "combine"));
  exports.Set("copyRange", Napi::Function::New(env, copy_range, "copyRange"));
}

}  // namespace tiesmith
