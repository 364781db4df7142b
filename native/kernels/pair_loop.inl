// TIES where every weight is 1 and everything is bf16, the paper's setting and the usual one. The same bytes and counts as
// the general bodies, in a quarter of their time: numbers are taken in pairs of vectors, of even and of odd places; masks
// are stored and counted later; and NaN and Inf are looked for in the sum of the votes only.
// Included inside a set's namespace.

static std::uint32_t largest_half(Vec::U x) {
  const std::uint32_t low = Vec::largest(Vec::and_u(x, Vec::set_u(0xffffu)));
  return std::max(low, Vec::largest(x) >> 16);
}

// Merges kPairElements elements from `i` on, whose masks have the places from `slot` on; gives what it stores.
template <class Body>
static TIESMITH_INLINE Vec::U merge_pair_at(Body& body, const Sources<Body::kModels>& from, std::size_t i,
                                            std::size_t slot, std::uint8_t* output, Vec::U& largest_sum) {
  Vec::F base[2], theta[Body::kModels][2], merged[2];
  load_pair(from.base, i, base);
  for_each_model<Body::kModels>(Body::kModels, [&](std::size_t m) __attribute__((always_inline)) {
    load_pair(from.models[m], i, theta[m]);
  });
  body.merge_pair(slot, base, theta, merged, largest_sum);
  return Vec::store_bf16_pair(output, merged[0], merged[1]);
}

// What a call is about, but for its cuts; `sink`: of drafts.
struct PairCall {
  const ChunkInputs& inputs;
  const Output& output;
  UndecidedSink sink;
  ModelCounts* per_model;
  CombineCounts& counts;
};

// By value: its fields can stay in registers.
template <class Body>
static Outcome merge_blocks(Body body, const PairCall& call) {
  const ChunkInputs& inputs = call.inputs;
  const Output& output = call.output;
  const Sources<Body::kModels> sources(inputs);
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t rest = count % kPairElements, whole = first + count - rest;
    Vec::U largest_sum = Vec::set_u(0), largest_result = Vec::set_u(0);
    std::size_t slot = 0;
    for (std::size_t i = first; i < whole; i += kPairElements, slot += 2) {
      const Vec::U stored = merge_pair_at(body, sources, i, slot, output.bytes + 2 * i, largest_sum);
      largest_result = Vec::max_halves(largest_result, Vec::and_u(stored, Vec::set_u(0x7fff7fffu)));
    }
    if (rest != 0) {
      const PaddedInputs tail(inputs, whole, rest);
      std::uint8_t padded[2 * kPairElements];
      const Vec::U stored = merge_pair_at(body, Sources<Body::kModels>(tail.inputs), 0, slot, padded, largest_sum);
      largest_result = Vec::max_halves(largest_result, Vec::and_u(stored, Vec::set_u(0x7fff7fffu)));
      std::memcpy(output.bytes + 2 * whole, padded, 2 * rest);
      slot += 2;
    }
    // Kept NaN and Inf show in the sum of the votes, and those of a bracketed model are kept. A sum may also be Inf
    // because it overflows, which elects as well as any.
    if (Vec::largest(largest_sum) > 0x7f7fffffu) {
      const Outcome found = find_not_finite(inputs, first, count);
      if (found.status != Status::Ok) return found;
    }
    if (largest_half(largest_result) >= 0x7f80u) {
      const Outcome settled = settle_overflow(output, first, count, call.counts.saturated);
      if (settled.status != Status::Ok) return settled;
    }
    body.end_block(slot, first, call.sink);
    if (output.sink.take != nullptr) output.sink.take(output.sink.context, output.bytes + 2 * first, 2 * count);
  }
  body.totals(inputs.element_count, call.per_model, call.counts);
  return {Status::Ok, 0, 0};
}

// Calls body with the pattern of trimmed models as a constant; at least one is.
template <class Body>
static TIESMITH_INLINE Outcome with_trimmed(const ChunkInputs& inputs, Body body) {
  const bool first = inputs.models[0].trim == TrimKind::ByCut, second = inputs.models[1].trim == TrimKind::ByCut;
  if (!first) return body(std::integral_constant<unsigned, 2>{});
  if (!second) return body(std::integral_constant<unsigned, 1>{});
  return body(std::integral_constant<unsigned, 3>{});
}

template <std::size_t kModels, class Body>
static TIESMITH_INLINE Outcome with_priority(int priority, Body body) {
  if (priority == 0) return body(std::integral_constant<int, 0>{});
  if (priority == 1) return body(std::integral_constant<int, 1>{});
  if constexpr (kModels > 2) {
    if (priority == 2) return body(std::integral_constant<int, 2>{});
  }
  return body(std::integral_constant<int, -1>{});
}

// Whether a body of pairs may do this: bf16 throughout, and no trim that could hide a NaN.
static bool has_pair_body(const ChunkInputs& inputs, const Election& election, const Output& output) {
  if (inputs.model_count != 2 && inputs.model_count != 3) return false;
  for (std::size_t m = 0; m < inputs.model_count; ++m) {
    const ModelInput& model = inputs.models[m];
    if (model.trim == TrimKind::Everything) continue;
    if (model.trim == TrimKind::Nothing || model.cut.threshold >= 0x7f800000u) return false;
  }
  return output.dtype == Dtype::BF16 && has_unit_weights(inputs, election) &&
         all_stored_as(Dtype::BF16, inputs.base, inputs.models, inputs.model_count);
}

static Outcome draft_unit(const Combination& combination, int priority, const Brackets& brackets, const PairCall& call) {
  const ChunkInputs& inputs = call.inputs;
  if (inputs.model_count == 3)
    return with_priority<3>(priority, [&](auto p) {
      return merge_blocks(DraftOfThree<decltype(p)::value>(inputs, combination, brackets), call);
    });
  return with_trimmed(inputs, [&](auto trimmed) {
    return with_priority<2>(priority, [&](auto p) {
      return merge_blocks(DraftOfTwo<decltype(trimmed)::value, decltype(p)::value>(inputs, combination, brackets), call);
    });
  });
}

static Outcome combine_two(const Combination& combination, int priority, const PairCall& call) {
  return with_priority<2>(priority, [&](auto p) {
    return merge_blocks(ExactTwo<decltype(p)::value>(call.inputs, combination), call);
  });
}
