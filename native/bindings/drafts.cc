// Functions on drafts: a chunk is combined where brackets decide, its scope's cuts are found from what is left, and
// then the chunk is finished.
#include "drafts/draft.h"

#include <algorithm>
#include <limits>

#include "bindings/chunk_job.h"
#include "bindings/chunk_output.h"
#include "bindings/chunk_result.h"
#include "bindings/draft_job.h"
#include "bindings/encoded_output.h"
#include "bindings/float_environment.h"
#include "drafts/draft_store.h"
#include "io/xxh3.h"

namespace tiesmith {
namespace {

// draftTies(job, election, combination, brackets, { byteOffset, dtype }) -> { draft, undecided, models, … }, the counts
// of the decided elements; or null where a draft is of no use: too much is undecided, or some number is out of range.
Napi::Value draft_ties(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const ChunkJob job(env, info[0]);
  const ChunkInputs& inputs = job.inputs();
  if (inputs.base == nullptr) throw Napi::TypeError::New(env, "Expected a job with a base");
  if (inputs.element_count > std::numeric_limits<std::uint32_t>::max())
    throw Napi::RangeError::New(env, "Expected a chunk of less than 2^32 elements");
  const Election election = read_election(env, info[1], inputs.model_count);
  const Combination combination = read_combination(env, info[2], election);
  const BracketLows lows(env, info[3], inputs.model_count);
  lows.check(env, inputs, combination.has_slack);
  const FieldReader target(env, info[4], "output");
  const Dtype dtype = read_dtype(env, target.text("dtype"));
  const std::size_t lead = target.count("byteOffset") % kDirectBytes;
  auto draft = make_draft(addon_of(info).shared_scratch(), inputs, dtype, lead);

  std::vector<ModelCounts> per_model(inputs.model_count);
  CombineCounts counts{};
  Outcome outcome;
  job.populate();
  const FloatEnvironment floats;
  const Output output{draft->output(), dtype, false, {nullptr, nullptr}};
  const UndecidedSink sink = draft->sink();
  const Brackets brackets = lows.brackets();
  guarded_read(env, job.ranges(), [&] {
    outcome = addon_of(info).kernels().draft_ties(inputs, election, combination, brackets, output, sink, per_model.data(), counts);
  });
  if (outcome.status != Status::Ok || draft->overflowed()) return env.Null();
  job.add_to(addon_of(info).pages_done());
  auto result = counts_as_object(env, per_model, counts);
  result.Set("undecided", static_cast<double>(draft->undecided_count()));
  result.Set("draft", static_cast<double>(keep_draft(std::move(draft))));
  return result;
}

// tallyDraftTrim({ draft }, model, window) -> { above, bins }, of the undecided elements
Napi::Value tally_draft_trim(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto draft = draft_of(env, info[0]);
  const std::uint64_t model = read_count(env, info[1], "model");
  if (model >= draft->model_count()) throw Napi::RangeError::New(env, "Expected the index of one of the draft's models");
  const Window window = read_window(env, info[2]);
  BinBuffer bins(env, window, env.Null());
  const std::size_t count = draft->undecided_count();
  const FloatEnvironment floats;
  addon_of(info).kernels().tally_trim(draft->base(), draft->model(model), count, window,
                                      {std::max<std::size_t>(count, 1), std::max<std::size_t>(count, 1)}, bins.tally);
  return bins.result(env);
}

// tallyDraftSlack(job, election, window) -> as tallySlack, of the undecided elements
Napi::Value tally_draft_slack(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto draft = draft_of(env, info[0]);
  const UndecidedJob job(env, *draft, info[0]);
  const Election election = read_election(env, info[1], job.inputs().model_count);
  const Window window = read_window(env, info[2]);
  BinBuffer bins(env, window, env.Null());
  ElectionCounts counts{};
  const std::size_t count = std::max<std::size_t>(draft->undecided_count(), 1);
  const FloatEnvironment floats;
  addon_of(info).kernels().tally_slack(job.inputs(), election, window, {count, count}, bins.tally, counts);
  return slack_tally_as_object(env, bins, counts);
}

// A few elements at a time, so that they are hashed while they are in the cache.
Xxh3 settle_and_hash(const Draft& draft, std::uint8_t* output, const std::uint8_t* results) {
  constexpr std::size_t kElements = std::size_t{1} << 15;
  const std::size_t element_bytes = dtype_bytes(draft.output_dtype());
  Xxh3 hash;
  std::size_t settled = 0;
  for (std::size_t first = 0; first < draft.element_count(); first += kElements) {
    const std::size_t count = std::min(kElements, draft.element_count() - first);
    settled = draft.settle(output, results, settled, first + count);
    hash.update(output + first * element_bytes, count * element_bytes);
  }
  return hash;
}

// finishDraft(job, election, combination, output) -> as combine, with the counts of the undecided elements. The draft
// is gone afterwards, whatever comes of it.
Napi::Value finish_draft(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  const auto draft = draft_of(env, info[0]);
  const UndecidedJob job(env, *draft, info[0]);
  const Election election = read_election(env, info[1], job.inputs().model_count);
  const Combination combination = read_combination(env, info[2], election);
  const FieldReader target(env, info[3], "output");
  const bool saturate = target.boolean("saturate");
  if (!draft->has_output()) throw Napi::RangeError::New(env, "Expected a draft that was made to be merged");
  if (target.count("byteOffset") % kDirectBytes != draft->lead() || read_dtype(env, target.text("dtype")) != draft->output_dtype())
    throw Napi::RangeError::New(env, "Expected the output that the chunk was drafted for");
  const std::uint64_t element_count = draft->element_count();
  const std::optional<Encoding> encoding = read_encoding(env, target, element_count);
  last_of_draft(env, info[0]);
  ChunkOutput chunk(info, target, draft->output_bytes(), draft->take_room());

  std::uint8_t* const results = addon_of(info).results(draft->undecided_count() * dtype_bytes(draft->output_dtype()));
  std::vector<ModelCounts> per_model(job.inputs().model_count);
  CombineCounts counts{};
  const FloatEnvironment floats;
  const Output output{results, draft->output_dtype(), saturate, {nullptr, nullptr}};
  Outcome outcome = addon_of(info).kernels().combine_ties(job.inputs(), election, combination, output, per_model.data(), counts);
  if (outcome.status != Status::Ok) {
    chunk.discard(info);
    outcome.element = draft->undecided()[outcome.element];
    return failure_as_object(env, outcome);
  }
  auto result = counts_as_object(env, per_model, counts);
  if (encoding) {
    draft->settle(chunk.bytes(), results, 0, element_count);
    return write_encoded(info, target, chunk, draft->output_dtype(), element_count, *encoding, result);
  }
  const Xxh3 hash = settle_and_hash(*draft, chunk.bytes(), results);
  result.Set("hash", hash.hex());
  return chunk.write(info, result);
}

// dropDraft(number): forgets a draft that will not be finished. One that is gone already is no error.
Napi::Value drop_draft(const Napi::CallbackInfo& info) {
  take_draft(read_count(info.Env(), info[0], "draft"));
  return info.Env().Undefined();
}

}  // namespace

void define_draft_functions(Napi::Env env, Napi::Object exports) {
  exports.Set("draftTies", Napi::Function::New(env, draft_ties, "draftTies"));
  exports.Set("tallyDraftTrim", Napi::Function::New(env, tally_draft_trim, "tallyDraftTrim"));
  exports.Set("tallyDraftSlack", Napi::Function::New(env, tally_draft_slack, "tallyDraftSlack"));
  exports.Set("finishDraft", Napi::Function::New(env, finish_draft, "finishDraft"));
  exports.Set("dropDraft", Napi::Function::New(env, drop_draft, "dropDraft"));
}

}  // namespace tiesmith
