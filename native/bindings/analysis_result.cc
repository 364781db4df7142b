#include "bindings/analysis_result.h"

#include <bit>
#include <string>

namespace tiesmith {
namespace {

// Sums per block are kept in memory that V8 ends the process for want of.
constexpr std::uint64_t kMaxAnalysedElements = 1u << 28;

Napi::Value number(Napi::Env env, std::uint64_t count) { return Napi::Number::New(env, static_cast<double>(count)); }

Napi::Value magnitude(Napi::Env env, std::uint32_t key) {
  return Napi::Number::New(env, static_cast<double>(std::bit_cast<float>(key)));
}

Napi::Object model_object(Napi::Env env, const AnalysisCounts& counts) {
  auto model = Napi::Object::New(env);
  model.Set("zero", number(env, counts.zero));
  model.Set("retained", number(env, counts.retained));
  model.Set("inConflict", number(env, counts.in_conflict));
  model.Set("conflictsLost", number(env, counts.conflicts_lost));
  model.Set("zeroVotes", number(env, counts.zero_votes));
  model.Set("discarded", number(env, counts.discarded));
  model.Set("discardedZeroVotes", number(env, counts.discarded_zero_votes));
  model.Set("largest", magnitude(env, counts.largest));
  model.Set("largestTrimmed", magnitude(env, counts.largest_trimmed));
  return model;
}

Napi::Object pair_object(Napi::Env env, const PairCounts& counts) {
  auto pair = Napi::Object::New(env);
  pair.Set("same", number(env, counts.same));
  pair.Set("opposite", number(env, counts.opposite));
  pair.Set("sameTrimmed", number(env, counts.same_trimmed));
  pair.Set("oppositeTrimmed", number(env, counts.opposite_trimmed));
  return pair;
}

}  // namespace

std::size_t checked_block_count(Napi::Env env, std::uint64_t element_count) {
  if (element_count > kMaxAnalysedElements)
    throw Napi::RangeError::New(env, "Expected at most 2^28 elements, but received " + std::to_string(element_count));
  return (element_count + kBlockElements - 1) / kBlockElements;
}

OctaveBlocks::OctaveBlocks(Napi::Env env, const Napi::Value& value) {
  const FieldReader reader(env, value, "octaves");
  first = reader.count("first");
  stride = reader.count("stride");
  if (stride == 0) throw Napi::RangeError::New(env, "Expected octaves of every block, or one in some");
}

AnalysisRoom::AnalysisRoom(Napi::Env env, std::size_t model_count, std::size_t block_count, const OctaveBlocks& octaves)
    : sums_(Napi::Float64Array::New(env, block_count * analysis_sums(model_count))),
      octaves_(Napi::Uint32Array::New(env, kOctaves * model_count)),
      models_(model_count),
      pairs_(pair_count_of(model_count)),
      analysis_{models_.data(), pairs_.data(), {}, sums_.Data(), octaves_.Data(), octaves.first, octaves.stride} {}

Napi::Object AnalysisRoom::result(Napi::Env env) const {
  auto model_list = Napi::Array::New(env, models_.size());
  for (std::uint32_t m = 0; m < models_.size(); ++m) model_list.Set(m, model_object(env, models_[m]));
  auto pair_list = Napi::Array::New(env, pairs_.size());
  for (std::uint32_t p = 0; p < pairs_.size(); ++p) pair_list.Set(p, pair_object(env, pairs_[p]));
  auto result = Napi::Object::New(env);
  result.Set("models", model_list);
  result.Set("pairs", pair_list);
  result.Set("conflicts", number(env, analysis_.totals.conflicts));
  result.Set("zeroVotes", number(env, analysis_.totals.zero_votes));
  result.Set("givenBack", number(env, analysis_.totals.given_back));
  result.Set("largestGiven", magnitude(env, analysis_.totals.largest_given));
  result.Set("sums", sums_);
  result.Set("octaves", octaves_);
  return result;
}

}  // namespace tiesmith
