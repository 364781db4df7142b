#include "bindings/chunk_job.h"

#include <cmath>

namespace tiesmith {

FieldReader::FieldReader(Napi::Env env, const Napi::Value& value, const char* what) : env_(env), what_(what) {
  if (!value.IsObject()) throw Napi::TypeError::New(env, std::string("Expected ") + what + " to be an object");
  object_ = value.As<Napi::Object>();
}

Napi::Value FieldReader::field(const char* name) const { return object_.Get(name); }

bool FieldReader::has(const char* name) const {
  const Napi::Value value = field(name);
  return !value.IsUndefined() && !value.IsNull();
}

double FieldReader::number(const char* name) const {
  const Napi::Value value = field(name);
  if (!value.IsNumber())
    throw Napi::TypeError::New(env_, std::string("Expected ") + what_ + "." + name + " to be a number");
  return value.As<Napi::Number>().DoubleValue();
}

std::uint64_t FieldReader::count(const char* name) const {
  return read_count(env_, field(name), std::string(what_) + "." + name);
}

std::uint32_t FieldReader::u32(const char* name) const {
  const std::uint64_t value = count(name);
  if (value > 0xffffffffu)
    throw Napi::RangeError::New(env_, std::string("Expected ") + what_ + "." + name + " to be below 2^32");
  return static_cast<std::uint32_t>(value);
}

bool FieldReader::boolean(const char* name) const {
  const Napi::Value value = field(name);
  if (!value.IsBoolean())
    throw Napi::TypeError::New(env_, std::string("Expected ") + what_ + "." + name + " to be true or false");
  return value.As<Napi::Boolean>();
}

std::string FieldReader::text(const char* name) const {
  const Napi::Value value = field(name);
  if (!value.IsString())
    throw Napi::TypeError::New(env_, std::string("Expected ") + what_ + "." + name + " to be a string");
  return value.As<Napi::String>();
}

std::uint64_t read_count(Napi::Env env, const Napi::Value& value, const std::string& name) {
  if (!value.IsNumber()) throw Napi::TypeError::New(env, "Expected " + name + " to be a number");
  const double number = value.As<Napi::Number>().DoubleValue();
  if (!(number >= 0 && number <= 0x1p53 && number == std::floor(number)))
    throw Napi::RangeError::New(env, "Expected " + name + " to be a whole number from 0");
  return static_cast<std::uint64_t>(number);
}

Dtype read_dtype(Napi::Env env, const std::string& name) {
  if (name == "F32") return Dtype::F32;
  if (name == "F16") return Dtype::F16;
  if (name == "BF16") return Dtype::BF16;
  throw Napi::RangeError::New(env, "Expected dtype F32, F16 or BF16, but received " + name);
}

HeldSource read_source(Napi::Env env, const Napi::Value& value, std::uint64_t element_count) {
  const FieldReader reader(env, value, "source");
  const Dtype dtype = read_dtype(env, reader.text("dtype"));
  // Counts are at most 2^53, so that no product overflows.
  HeldRange range = hold_range(env, native_of<const MappedFile>(env, reader.field("file")), reader.count("byteOffset"),
                               element_count * dtype_bytes(dtype));
  const Source source{range.bytes(), dtype};
  return {std::move(range), source, reader.has("readBefore") && reader.boolean("readBefore")};
}

Cut read_cut(Napi::Env env, const Napi::Value& value) {
  const FieldReader reader(env, value, "cut");
  const Cut cut{reader.u32("threshold"), reader.count("tied"), reader.count("taken"), reader.count("firstTie")};
  if (cut.taken > cut.tied || cut.threshold > 0x7fffffffu)
    throw Napi::RangeError::New(env, "Expected a cut that takes at most its tied elements, with a 31-bit threshold");
  return cut;
}

Window read_window(Napi::Env env, const Napi::Value& value) {
  const FieldReader reader(env, value, "window");
  const Window window{reader.u32("low"), reader.u32("high"), reader.u32("shift")};
  if (window.low > window.high || window.high > 0x7fffffffu || window.shift > 16 || window.bin_count() > 65536)
    throw Napi::RangeError::New(env, "Expected a window of 31-bit keys with a shift of at most 16 and at most 65536 bins");
  return window;
}

SampledReading read_sampling(Napi::Env env, const Napi::Value& value, std::uint64_t element_count) {
  if (value.IsNull() || value.IsUndefined()) return {{element_count, element_count}, true};
  const FieldReader reader(env, value, "sampling");
  const SampledReading sampling{{reader.count("run"), reader.count("stride")},
                                reader.has("populates") && reader.boolean("populates")};
  if (sampling.run == 0 || sampling.run > sampling.stride)
    throw Napi::RangeError::New(env, "Expected a sampling run of at least 1 and at most its stride");
  return sampling;
}

ModelInput read_model(Napi::Env env, const FieldReader& reader, const Source& source) {
  ModelInput model{source, reader.number("weight"), static_cast<float>(reader.number("voteWeight")),
                   reader.number("rescale"), TrimKind::Everything, {}};
  const Napi::Value trim = reader.field("trim");
  if (trim.IsString()) {
    const std::string kind = trim.As<Napi::String>();
    if (kind != "everything" && kind != "nothing")
      throw Napi::RangeError::New(env, "Expected trim to be \"everything\", \"nothing\" or a cut");
    model.trim = kind == "everything" ? TrimKind::Everything : TrimKind::Nothing;
  } else {
    model.trim = TrimKind::ByCut;
    model.cut = read_cut(env, trim);
  }
  return model;
}

ChunkJob::ChunkJob(Napi::Env env, const Napi::Value& value) : env_(env) {
  const FieldReader reader(env, value, "job");
  inputs_.element_count = reader.count("elementCount");
  if (reader.has("base")) {
    base_ = hold(reader.field("base"));
    inputs_.base = &base_;
  }
  const Napi::Value list = reader.field("models");
  if (!list.IsArray()) throw Napi::TypeError::New(env, "Expected job.models to be an array");
  const auto models = list.As<Napi::Array>();
  // Asked once: a getter of one model could make the array longer than the kernels have room for.
  const std::uint32_t model_count = models.Length();
  if (model_count == 0 || model_count > 256)
    throw Napi::RangeError::New(env, "Expected 1 to 256 models, but received " + std::to_string(model_count));
  for (std::uint32_t i = 0; i < model_count; ++i) {
    const FieldReader model(env, models.Get(i), "model");
    models_.push_back(read_model(env, model, hold(model.field("source"))));
  }
  inputs_.models = models_.data();
  inputs_.model_count = models_.size();
}

Source ChunkJob::hold(const Napi::Value& source) {
  const HeldSource held = read_source(env_, source, inputs_.element_count);
  ranges_.push_back(held);
  if (!held.read_before) unread_.push_back(held);
  return held.source;
}

void ChunkJob::populate() const {
  for (const HeldRange& range : unread_) range.populate(env_);
}

void ChunkJob::add_to(PagesDone& done) const {
  for (const HeldRange& range : ranges_) done.add(range.file, range.byte_offset, range.byte_count);
}

Election read_election(Napi::Env env, const Napi::Value& value, std::size_t model_count) {
  const FieldReader reader(env, value, "election");
  const double priority = reader.number("priority");
  const double zero_sign = reader.number("zeroSign");
  const bool known = zero_sign == -1 || zero_sign == 0 || zero_sign == 1 || zero_sign == 2;
  const bool in_range = priority >= -1 && priority < static_cast<double>(model_count) && priority == std::floor(priority);
  if (!known || !in_range || (zero_sign == 2 && priority < 0))
    throw Napi::RangeError::New(env, "Expected zeroSign -1, 0, 1 or 2 and a priority that is one of the models");
  return {static_cast<ZeroSign>(static_cast<int>(zero_sign)), static_cast<int>(priority)};
}

Combination read_combination(Napi::Env env, const Napi::Value& value, const Election& election) {
  const FieldReader reader(env, value, "combination");
  Combination combination{reader.number("lambda"), reader.boolean("normalize"), reader.has("slack"), {}};
  if (!combination.has_slack) return combination;
  if (election.priority < 0) throw Napi::RangeError::New(env, "Expected a priority model where there is slack");
  combination.slack = read_cut(env, reader.field("slack"));
  return combination;
}

}  // namespace tiesmith
