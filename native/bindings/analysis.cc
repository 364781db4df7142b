// Functions on chunks that analyse an election: parse, run one kernel, give plain data.
#include <optional>
#include <vector>

#include "bindings/addon.h"
#include "bindings/analysis_result.h"
#include "bindings/chunk_job.h"
#include "bindings/chunk_result.h"
#include "bindings/draft_job.h"
#include "bindings/float_environment.h"
#include "drafts/draft_store.h"

namespace tiesmith {
namespace {

// The base is needed, and looked for.
const ChunkInputs& analysed_inputs(Napi::Env env, const ChunkJob& job) {
  if (job.inputs().base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  return job.inputs();
}

// Slack cuts: a cut, or null.
std::optional<Cut> read_slack(Napi::Env env, const Napi::Value& value, const Election& election) {
  if (value.IsNull() || value.IsUndefined()) return std::nullopt;
  if (election.priority < 0) throw Napi::RangeError::New(env, "Expected a priority model where there is slack");
  return read_cut(env, value);
}

// What calls that analyse take first, (job, election, slack, ...), of which this reads all but the job.
struct AnalysedElection {
  Election election;
  std::optional<Cut> slack_cut;

  AnalysedElection(const Napi::CallbackInfo& info, const ChunkInputs& inputs)
      : election(read_election(info.Env(), info[1], inputs.model_count)),
        slack_cut(read_slack(info.Env(), info[2], election)) {}
  // Null for none.
  const Cut* slack() const { return slack_cut ? &*slack_cut : nullptr; }
};

// (job, election, slack, { first, stride }): a chunk that is read to be analysed.
class ChunkAnalysis {
 public:
  explicit ChunkAnalysis(const Napi::CallbackInfo& info)
      : env_(info.Env()),
        job_(env_, info[0]),
        election_(info, analysed_inputs(env_, job_)),
        room_(env_, inputs().model_count, checked_block_count(env_, inputs().element_count), OctaveBlocks(env_, info[3])) {}

  const ChunkInputs& inputs() const { return job_.inputs(); }
  bool has_slack() const { return election_.slack() != nullptr; }
  Napi::Object result() const { return room_.result(env_); }

  // `kernel(inputs, election, slack, analysis)`
  template <class Kernel>
  Outcome run(Kernel kernel) {
    Outcome outcome;
    job_.populate();
    const FloatEnvironment floats;
    guarded_read(env_, job_.ranges(),
                 [&] { outcome = kernel(inputs(), election_.election, election_.slack(), room_.analysis()); });
    return outcome;
  }

 private:
  Napi::Env env_;
  ChunkJob job_;
  AnalysedElection election_;
  AnalysisRoom room_;
};

// analyse(job, election, slack, { first, stride }) -> { models, pairs, conflicts, zeroVotes, givenBack, largestGiven, sums, octaves },
// or { failure: { status, element, source } } where a value is not finite
Napi::Value analyse(const Napi::CallbackInfo& info) {
  ChunkAnalysis chunk(info);
  const Outcome outcome = chunk.run(addon_of(info).kernels().analyse);
  if (outcome.status != Status::Ok) return failure_as_object(info.Env(), outcome);
  return chunk.result();
}

// draftAnalysis(job, election, slack, { first, stride }, brackets) -> as analyse, of the decided elements where cuts
// matter, with { draft, undecided }; or null where a draft is of no use: too much is undecided, or a value is not finite
Napi::Value draft_analysis(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  ChunkAnalysis chunk(info);
  const BracketLows lows(env, info[4], chunk.inputs().model_count);
  lows.check(env, chunk.inputs(), chunk.has_slack());
  auto draft = make_analysis_draft(addon_of(info).shared_scratch(), chunk.inputs());
  const KernelTable& kernels = addon_of(info).kernels();
  const UndecidedSink sink = draft->sink();
  const Brackets brackets = lows.brackets();
  const Outcome outcome =
      chunk.run([&](const ChunkInputs& inputs, const Election& election, const Cut* slack, Analysis& analysis) {
        return kernels.draft_analysis(inputs, election, slack, brackets, sink, analysis);
      });
  if (outcome.status != Status::Ok || draft->overflowed()) return env.Null();
  auto result = chunk.result();
  result.Set("undecided", static_cast<double>(draft->undecided_count()));
  result.Set("draft", static_cast<double>(keep_draft(std::move(draft))));
  return result;
}

// analyseDraft(job, election, slack) -> as analyse, of the undecided elements, with sums for each block of these. The draft is
// gone afterwards.
Napi::Value analyse_draft(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto draft = draft_of(env, info[0]);
  const UndecidedJob job(env, *draft, info[0]);
  const AnalysedElection election(info, job.inputs());
  const std::size_t block_count = checked_block_count(env, job.inputs().element_count);
  last_of_draft(env, info[0]);
  AnalysisRoom room(env, job.inputs().model_count, block_count, OctaveBlocks::none());
  const FloatEnvironment floats;
  const Outcome outcome =
      addon_of(info).kernels().analyse(job.inputs(), election.election, election.slack(), room.analysis());
  // Where a number is not finite no draft is made.
  if (outcome.status != Status::Ok) throw Napi::Error::New(env, "Expected a draft of finite numbers");
  return room.result(env);
}

// tallyLosses(job, election) -> { retained, discarded, bins }; bins: for each that holds a loss, in order of |s|, its
// number, its count, and the largest |s| in it as a key
Napi::Value tally_losses(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = analysed_inputs(env, job);
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
  result.Set("retained", Napi::Number::New(env, static_cast<double>(counts.priority_retained)));
  result.Set("discarded", Napi::Number::New(env, static_cast<double>(counts.priority_discarded)));
  result.Set("bins", list);
  return result;
}

// tallyClasses(job, firstCount, election) -> Uint32Array, or null where no table can be made. The models of the
// job are the first task vector `firstCount` times, with a trim each, and then the second.
Napi::Value tally_classes(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = analysed_inputs(env, job);
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
  exports.Set("draftAnalysis", Napi::Function::New(env, draft_analysis, "draftAnalysis"));
  exports.Set("analyseDraft", Napi::Function::New(env, analyse_draft, "analyseDraft"));
  exports.Set("tallyLosses", Napi::Function::New(env, tally_losses, "tallyLosses"));
  exports.Set("tallyClasses", Napi::Function::New(env, tally_classes, "tallyClasses"));
}

}  // namespace tiesmith
