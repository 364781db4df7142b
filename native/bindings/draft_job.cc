#include "bindings/draft_job.h"

#include "drafts/draft_store.h"

namespace tiesmith {
namespace {

std::uint32_t low_of(Napi::Env env, const Napi::Value& value) {
  if (value.IsNull() || value.IsUndefined()) return kNoneUndecided;
  const double low = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : 0;
  if (!(low >= 1 && low <= 0x7fffffff)) throw Napi::RangeError::New(env, "Expected a bracket's low from 1 to 2^31 - 1");
  return static_cast<std::uint32_t>(low);
}

std::shared_ptr<Draft> returning(std::shared_ptr<Scratch> scratch, std::unique_ptr<Draft> draft) {
  return std::shared_ptr<Draft>(draft.release(), [scratch = std::move(scratch)](Draft* done) {
    if (auto left = done->take_room()) scratch->outputs.release(std::move(left));
    scratch->undecided.release(done->take_undecided_room());
    delete done;
  });
}

}  // namespace

BracketLows::BracketLows(Napi::Env env, const Napi::Value& value, std::size_t model_count) {
  const FieldReader reader(env, value, "brackets");
  if (!reader.field("trimLows").IsArray()) throw Napi::TypeError::New(env, "Expected brackets.trimLows to be an array");
  const auto lows = reader.field("trimLows").As<Napi::Array>();
  if (lows.Length() != model_count) throw Napi::RangeError::New(env, "Expected brackets.trimLows to have one entry a model");
  for (std::uint32_t i = 0; i < model_count; ++i) trims_.push_back(low_of(env, lows.Get(i)));
  slack_ = low_of(env, reader.field("slackLow"));
}

void BracketLows::check(Napi::Env env, const ChunkInputs& inputs, bool has_slack) const {
  bool fit = !has_slack || slack_ != kNoneUndecided;
  for (std::size_t m = 0; m < trims_.size(); ++m)
    fit = fit && (inputs.models[m].trim != TrimKind::ByCut || trims_[m] != kNoneUndecided);
  if (!fit) throw Napi::RangeError::New(env, "Expected a bracket's low for every cut");
}

UndecidedJob::UndecidedJob(Napi::Env env, const Draft& draft, const Napi::Value& value) : base_(draft.base()) {
  const FieldReader job(env, value, "job");
  if (!job.field("models").IsArray()) throw Napi::TypeError::New(env, "Expected job.models to be an array");
  const auto models = job.field("models").As<Napi::Array>();
  if (models.Length() != draft.model_count()) throw Napi::RangeError::New(env, "Expected as many models as in the draft");
  for (std::uint32_t i = 0; i < draft.model_count(); ++i)
    models_.push_back(read_model(env, FieldReader(env, models.Get(i), "model"), draft.model(i)));
  inputs_ = {&base_, models_.data(), models_.size(), draft.undecided_count()};
}

std::uint64_t draft_number(Napi::Env env, const Napi::Value& job) { return FieldReader(env, job, "job").count("draft"); }

std::shared_ptr<Draft> draft_of(Napi::Env env, const Napi::Value& job) {
  auto draft = find_draft(draft_number(env, job));
  if (draft == nullptr) throw Napi::RangeError::New(env, "Expected the number of a draft that is kept");
  return draft;
}

std::shared_ptr<Draft> last_of_draft(Napi::Env env, const Napi::Value& job) {
  auto draft = take_draft(draft_number(env, job));
  if (draft == nullptr) throw Napi::RangeError::New(env, "The draft is being finished");
  return draft;
}

std::shared_ptr<Draft> make_draft(std::shared_ptr<Scratch> scratch, const ChunkInputs& inputs, Dtype dtype,
                                  std::size_t lead) {
  auto room = scratch->outputs.acquire(lead + inputs.element_count * dtype_bytes(dtype));
  auto undecided = scratch->undecided.acquire(Draft::undecided_bytes(inputs, true));
  auto draft = std::make_unique<Draft>(inputs, dtype, std::move(room), lead, std::move(undecided));
  return returning(std::move(scratch), std::move(draft));
}

std::shared_ptr<Draft> make_analysis_draft(std::shared_ptr<Scratch> scratch, const ChunkInputs& inputs) {
  auto undecided = scratch->undecided.acquire(Draft::undecided_bytes(inputs, false));
  auto draft = std::make_unique<Draft>(inputs, std::move(undecided));
  return returning(std::move(scratch), std::move(draft));
}

}  // namespace tiesmith
