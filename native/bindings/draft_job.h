// What calls on drafts take: brackets, and what a draft holds as a job. Drafts are known by number, since threads take
// turns at them.
#pragma once

#include <memory>
#include <vector>

#include "bindings/chunk_job.h"
#include "drafts/draft.h"

namespace tiesmith {

// { trimLows: a number or null a model, slackLow: a number or null }
class BracketLows {
 public:
  BracketLows(Napi::Env env, const Napi::Value& value, std::size_t model_count);
  // Throws unless every cut has a low.
  void check(Napi::Env env, const ChunkInputs& inputs, bool has_slack) const;
  Brackets brackets() const { return {trims_.data(), slack_}; }

 private:
  std::vector<std::uint32_t> trims_;
  std::uint32_t slack_;
};

// What a draft holds, as inputs of the usual kernels: { draft, models: [{ weight, voteWeight, rescale, trim }] }.
class UndecidedJob {
 public:
  UndecidedJob(Napi::Env env, const Draft& draft, const Napi::Value& value);
  const ChunkInputs& inputs() const { return inputs_; }

 private:
  Source base_;
  std::vector<ModelInput> models_;
  ChunkInputs inputs_;
};

// The number of a job's draft.
std::uint64_t draft_number(Napi::Env env, const Napi::Value& job);
// A job's draft; throws if it is not kept.
std::shared_ptr<Draft> draft_of(Napi::Env env, const Napi::Value& job);
// As draft_of, for its last use: throws if somebody else is at it.
std::shared_ptr<Draft> last_of_draft(Napi::Env env, const Napi::Value& job);

// Drafts whose memory goes back to scratch with the last who holds them: to be merged into an output that begins `lead`
// bytes into its room, and to be analysed only.
std::shared_ptr<Draft> make_draft(std::shared_ptr<Scratch> scratch, const ChunkInputs& inputs, Dtype dtype, std::size_t lead);
std::shared_ptr<Draft> make_analysis_draft(std::shared_ptr<Scratch> scratch, const ChunkInputs& inputs);

}  // namespace tiesmith
