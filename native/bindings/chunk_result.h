// What calls on chunks give back, as plain JS objects.
#pragma once

#include <vector>

#include "bindings/chunk_job.h"

namespace tiesmith {

// The bins that a tally fills, as an ArrayBuffer (zeroed by V8): per bin a u32 count and a u32 low_seen.
// A tally of an earlier call with the same window can be gone on with.
struct BinBuffer {
  Napi::ArrayBuffer buffer;
  Tally tally;

  BinBuffer(Napi::Env env, const Window& window, const Napi::Value& earlier);
  // { above, bins }
  Napi::Object result(Napi::Env env) const;
};

// { above, bins, positive, negative, retained, discarded }
Napi::Object slack_tally_as_object(Napi::Env env, const BinBuffer& bins, const ElectionCounts& counts);

// { models: [{ zero, retained, inConflict, discarded }], conflicts, givenBack, saturated }
Napi::Object counts_as_object(Napi::Env env, const std::vector<ModelCounts>& per_model, const CombineCounts& counts);

// { failure: { status, element, source } }
Napi::Object failure_as_object(Napi::Env env, const Outcome& outcome);

}  // namespace tiesmith
