#include "bindings/chunk_result.h"

namespace tiesmith {

BinBuffer::BinBuffer(Napi::Env env, const Window& window, const Napi::Value& earlier) : tally{0, nullptr} {
  const std::size_t bytes = window.bin_count() * sizeof(Bin);
  if (earlier.IsUndefined() || earlier.IsNull()) {
    buffer = Napi::ArrayBuffer::New(env, bytes);
  } else {
    const FieldReader reader(env, earlier, "tally");
    tally.above = reader.count("above");
    const Napi::Value given = reader.field("bins");
    if (!given.IsArrayBuffer()) throw Napi::TypeError::New(env, "Expected tally.bins to be an ArrayBuffer");
    buffer = given.As<Napi::ArrayBuffer>();
    // Nothing of JavaScript runs from here to the kernel: a getter could detach or shrink the buffer.
    if (buffer.ByteLength() != bytes) throw Napi::RangeError::New(env, "Expected tally.bins to fit the window");
  }
  tally.bins = static_cast<Bin*>(buffer.Data());
}

Napi::Object BinBuffer::result(Napi::Env env) const {
  auto object = Napi::Object::New(env);
  object.Set("above", static_cast<double>(tally.above));
  object.Set("bins", buffer);
  return object;
}

Napi::Object slack_tally_as_object(Napi::Env env, const BinBuffer& bins, const ElectionCounts& counts) {
  auto result = bins.result(env);
  result.Set("positive", static_cast<double>(counts.positive));
  result.Set("negative", static_cast<double>(counts.negative));
  result.Set("retained", static_cast<double>(counts.priority_retained));
  result.Set("discarded", static_cast<double>(counts.priority_discarded));
  return result;
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

Napi::Object failure_as_object(Napi::Env env, const Outcome& outcome) {
  auto failure = Napi::Object::New(env);
  failure.Set("status", outcome.status == Status::NotFinite ? "notFinite" : "overflow");
  failure.Set("element", static_cast<double>(outcome.element));
  failure.Set("source", static_cast<double>(outcome.source));
  auto result = Napi::Object::New(env);
  result.Set("failure", failure);
  return result;
}

}  // namespace tiesmith
