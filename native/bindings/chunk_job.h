// From plain JS objects to the structs that kernels take; every range is checked against its mapping here.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bindings/addon.h"

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

Dtype read_dtype(Napi::Env env, const std::string& name);

// A source whose mapping stays open as long as the job lives.
struct HeldSource {
  std::shared_ptr<const MappedFile> file;
  std::size_t byte_offset;
  Source source;
  bool read_before;  // by an earlier pass over the same elements, so that its pages are mapped already
};

// { file, byteOffset, dtype, readBefore? }, holding `element_count` elements.
HeldSource read_source(Napi::Env env, const Napi::Value& value, std::uint64_t element_count);

Cut read_cut(Napi::Env env, const Napi::Value& value);
// { zeroSign, priority } of an election among `model_count` models.
Election read_election(Napi::Env env, const Napi::Value& value, std::size_t model_count);
Window read_window(Napi::Env env, const Napi::Value& value);
// { run, stride }, or null for all elements.
Sampling read_sampling(Napi::Env env, const Napi::Value& value, std::uint64_t element_count);

// { base, models: [{ source, weight, voteWeight, rescale, trim }], elementCount }
class ChunkJob {
 public:
  ChunkJob(Napi::Env env, const Napi::Value& value);
  const ChunkInputs& inputs() const { return inputs_; }
  // Maps the pages of the sources that were not read before, in one call each.
  void populate() const;

 private:
  std::vector<HeldSource> held_;
  std::vector<ModelInput> models_;
  Source base_{};
  ChunkInputs inputs_{};
};

}  // namespace tiesmith
