// From plain JS objects to the structs that kernels take; every range is checked against its mapping here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/addon.h"
#include "bindings/guarded_read.h"

namespace tiesmith {

// Reads fields of one JS object, with errors that name the field.
class FieldReader {
 public:
  FieldReader(Napi::Env env, const Napi::Value& value, const char* what);
  Napi::Value field(const char* name) const;
  bool has(const char* name) const;  // neither undefined nor null
  double number(const char* name) const;
  std::uint64_t count(const char* name) const;  // a whole number from 0 to 2^53
  std::uint32_t u32(const char* name) const;
  bool boolean(const char* name) const;
  std::string text(const char* name) const;

 private:
  Napi::Env env_;
  Napi::Object object_;
  const char* what_;
};

// A whole number from 0 to 2^53; `name` is for the error.
std::uint64_t read_count(Napi::Env env, const Napi::Value& value, const std::string& name);

Dtype read_dtype(Napi::Env env, const std::string& name);

struct HeldSource : HeldRange {
  Source source;
  bool read_before;  // by an earlier pass over the same elements, so that its pages are mapped already
};

// { file, byteOffset, dtype, readBefore? }, holding `element_count` elements.
HeldSource read_source(Napi::Env env, const Napi::Value& value, std::uint64_t element_count);

Cut read_cut(Napi::Env env, const Napi::Value& value);
Window read_window(Napi::Env env, const Napi::Value& value);
struct SampledReading : Sampling {
  bool populates;  // maps the pages of all elements first
};
// { run, stride, populates? }, or null for all elements.
SampledReading read_sampling(Napi::Env env, const Napi::Value& value, std::uint64_t element_count);

// { weight, voteWeight, rescale, trim } of a model that is read from `source`.
ModelInput read_model(Napi::Env env, const FieldReader& reader, const Source& source);
// { zeroSign, priority } of an election among `model_count` models.
Election read_election(Napi::Env env, const Napi::Value& value, std::size_t model_count);
// { lambda, normalize, slack }; slack needs a priority model.
Combination read_combination(Napi::Env env, const Napi::Value& value, const Election& election);

// { base, models: [{ source, weight, voteWeight, rescale, trim }], elementCount }
class ChunkJob {
 public:
  ChunkJob(Napi::Env env, const Napi::Value& value);
  const ChunkInputs& inputs() const { return inputs_; }
  // For `guarded_read`.
  const std::vector<HeldRange>& ranges() const { return ranges_; }
  // Maps the pages of the sources that were not read before, in one call each. Throws if one cannot be read.
  void populate() const;
  // Nobody is to read the sources again.
  void add_to(PagesDone& done) const;

 private:
  Source hold(const Napi::Value& source);

  Napi::Env env_;
  std::vector<HeldRange> ranges_;
  std::vector<HeldRange> unread_;
  std::vector<ModelInput> models_;
  Source base_{};
  ChunkInputs inputs_{};
};

}  // namespace tiesmith
