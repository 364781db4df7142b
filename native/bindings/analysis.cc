// Functions on chunks that analyse an election: parse, run one kernel, give plain data.
#include <bit>
#include <vector>

#include "bindings/addon.h"
#include "bindings/chunk_job.h"
#include "bindings/chunk_result.h"
#include "bindings/float_environment.h"

namespace tiesmith {
namespace {

// Sums per block are kept in memory that V8 ends the process for want of.
constexpr std::uint64_t kMaxElements = 1u << 28;

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

const ChunkInputs& with_base(Napi::Env env, const ChunkJob& job) {
  if (job.inputs().base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  return job.inputs();
}

// analyse(job, election, slack, { first, stride }) -> { models, pairs, conflicts, zeroVotes, givenBack, largestGiven, sums, octaves },
// or { failure: { status, element, source } } where a value is not finite
Napi::Value analyse(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = with_base(env, job);
  const Election election = read_election(env, info[1], inputs.model_count);
  const bool has_slack = !info[2].IsNull() && !info[2].IsUndefined();
  const Cut slack = has_slack ? read_cut(env, info[2]) : Cut{};
  if (has_slack && election.priority < 0)
    throw Napi::RangeError::New(env, "Expected a priority model where there is slack");
  const FieldReader sampled(env, info[3], "octaves");
  const std::uint64_t octave_first = sampled.count("first"), octave_stride = sampled.count("stride");
  if (octave_stride == 0) throw Napi::RangeError::New(env, "Expected octaves of every block, or one in some");
  if (inputs.element_count > kMaxElements)
    throw Napi::RangeError::New(env, "Expected at most 2^28 elements, but received " + std::to_string(inputs.element_count));
  const std::size_t blocks = (inputs.element_count + kBlockElements - 1) / kBlockElements;
  const std::size_t pair_count = pair_count_of(inputs.model_count);
  auto sums = Napi::Float64Array::New(env, blocks * analysis_sums(inputs.model_count));
  auto octaves = Napi::Uint32Array::New(env, kOctaves * inputs.model_count);
  std::vector<AnalysisCounts> models(inputs.model_count);
  std::vector<PairCounts> pairs(pair_count);
  Analysis analysis{models.data(), pairs.data(), {}, sums.Data(), octaves.Data(), octave_first, octave_stride};
  Outcome outcome;
  job.populate();
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    guarded_read(env, job.ranges(), [&] {
      outcome = kernels.analyse(inputs, election, has_slack ? &slack : nullptr, analysis);
    });
  }
  if (outcome.status != Status::Ok) return failure_as_object(env, outcome);
  auto model_list = Napi::Array::New(env, models.size());
  for (std::uint32_t m = 0; m < models.size(); ++m) model_list.Set(m, model_object(env, models[m]));
  auto pair_list = Napi::Array::New(env, pairs.size());
  for (std::uint32_t p = 0; p < pairs.size(); ++p) pair_list.Set(p, pair_object(env, pairs[p]));
  auto result = Napi::Object::New(env);
  result.Set("models", model_list);
  result.Set("pairs", pair_list);
  result.Set("conflicts", number(env, analysis.totals.conflicts));
  result.Set("zeroVotes", number(env, analysis.totals.zero_votes));
  result.Set("givenBack", number(env, analysis.totals.given_back));
  result.Set("largestGiven", magnitude(env, analysis.totals.largest_given));
  result.Set("sums", sums);
  result.Set("octaves", octaves);
  return result;
}

// tallyLosses(job, election) -> { retained, discarded, bins }; bins: for each that holds a loss, in order of |s|, its
// number, its count, and the largest |s| in it as a key
Napi::Value tally_losses(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = with_base(env, job);
  const Election election = read_election(env, info[1], inputs.model_count);
  if (election.priority < 0) throw Napi::RangeError::New(env, "Expected a priority model");
  std::vector<LossBin> bins(kLossBins);
  ElectionCounts counts{};
  job.populate();
  {
    const FloatEnvironment floats;
    const KernelTable& kernels = addon_of(info).kernels();
    LossBin* const room = bins.data();
    guarded_read(env, job.ranges(), [&] { kernels.tally_losses(inputs, election, room, counts); });
  }
  std::vector<std::uint32_t> filled;
  for (std::uint32_t b = 0; b < kLossBins; ++b)
    if (bins[b].count != 0) filled.insert(filled.end(), {b, bins[b].count, bins[b].largest});
  auto list = Napi::Uint32Array::New(env, filled.size());
  std::copy(filled.begin(), filled.end(), list.Data());
  auto result = Napi::Object::New(env);
  result.Set("retained", number(env, counts.priority_retained));
  result.Set("discarded", number(env, counts.priority_discarded));
  result.Set("bins", list);
  return result;
}

// tallyClasses(job, firstCount, election) -> Uint32Array, or null where no table can be made. The models of the
// job are the first task vector `firstCount` times, with a trim each, and then the second.
Napi::Value tally_classes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = with_base(env, job);
  const std::size_t first = read_count(env, info[1], "firstCount");
  if (first < 1 || first >= inputs.model_count || inputs.model_count > kMaxClassBits)
    throw Napi::RangeError::New(env, "Expected trims of two task vectors, at most 16 in all");
  const Election election = read_election(env, info[2], 2);
  const ModelInput* trims[2] = {inputs.models, inputs.models + first};
  const ClassInputs classes{inputs.base,
                            {trims[0]->source, trims[1]->source},
                            {trims[0]->vote_weight, trims[1]->vote_weight},
                            {trims[0], trims[1]},
                            {first, inputs.model_count - first},
                            inputs.element_count};
  auto table = Napi::Uint32Array::New(env, (std::size_t{1} << inputs.model_count) * kWinners);
  job.populate();
  const FloatEnvironment floats;
  const KernelTable& kernels = addon_of(info).kernels();
  std::uint32_t* const room = table.Data();
  bool sound = false;
  guarded_read(env, job.ranges(), [&] { sound = kernels.tally_classes(classes, election, room); });
  if (!sound) return env.Null();
  return table;
}

}  // namespace

void define_analysis_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("analyse", Napi::Function::New(env, analyse, "analyse"));
  exports.Set("tallyLosses", Napi::Function::New(env, tally_losses, "tallyLosses"));
  exports.Set("tallyClasses", Napi::Function::New(env, tally_classes, "tallyClasses"));
}

}  // namespace tiesmith
