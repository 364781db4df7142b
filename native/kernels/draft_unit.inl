// Drafts of TIES where every weight is 1 and everything is bf16, the paper's setting and the usual one. The same
// bytes and counts as the general body with brackets, in a third of its instructions: numbers are taken in pairs of
// vectors, of even and of odd places (brackets, unlike cuts with ties, need no order); masks are stored and counted
// later; and NaN and Inf are looked for in the sum of the votes only. Included inside a set's namespace.

// Counts the set lanes of masks: stored, a block at a time, where a set of kernels can; else each at once.
template <class Set>
class DraftCounterOf {
 public:
  TIESMITH_INLINE void add(std::size_t slot, typename Set::M m) {
    if constexpr (Set::kStoresMasks) log_.put(slot, m);
    else counter_.add(m);
  }
  void end_block(std::size_t slots) {
    if constexpr (Set::kStoresMasks) counter_.add_stored(log_.bits, log_.pad(slots));
  }
  std::uint64_t total() const { return counter_.total(); }

 private:
  MaskLog log_;
  typename Set::Counter counter_;
};
using DraftCounter = DraftCounterOf<Vec>;

// Names the elements of a block to the sink, from masks of even and of odd places in turn.
static void list_undecided_pairs(MaskLog& undecided, std::size_t slots, std::size_t first, const UndecidedSink& sink) {
  list_undecided(undecided, slots, first, sink, [](std::uint32_t word) {
    return Vec::deposit(word & 0xffffu, 0x55555555u) | Vec::deposit(word >> 16, 0xaaaaaaaau);
  });
}

// Brackets as the bodies for weights of 1 compare them: task vectors by their keys, losses by |s| itself, whose key as a
// loss is 0x7fffffff - |s|.
template <std::size_t kModels>
struct UnitBrackets {
  std::uint32_t top[kModels], below[kModels];
  std::uint32_t given_below = 0, undecided_up_to = 0;

  // `slack`: null for none.
  UnitBrackets(const ChunkInputs& inputs, const Cut* slack, const Brackets& brackets) {
    for (std::size_t m = 0; m < kModels; ++m) {
      const bool by_cut = inputs.models[m].trim == TrimKind::ByCut;
      top[m] = by_cut ? inputs.models[m].cut.threshold : 0;
      below[m] = by_cut ? brackets.trim_lows[m] - 1 : 0x7fffffffu;
    }
    if (slack == nullptr) return;
    given_below = 0x7fffffffu - slack->threshold;
    undecided_up_to = 0x7fffffffu - brackets.slack_low;
  }
};

// Which of the models are trimmed by a bracket, as bits; the others keep everything.
template <std::size_t kModels, unsigned kTrimmed, int kPriority>
class UnitDraft {
 public:
  static constexpr bool kHasSlack = kPriority >= 0;

  UnitDraft(const ChunkInputs& inputs, const Combination& combination, const Brackets& brackets)
      : brackets_(inputs, kHasSlack ? &combination.slack : nullptr, brackets),
        lambda_(static_cast<float>(combination.lambda)), normalize_(combination.normalize) {}

  // `slot`: the place of the vector's masks in the block.
  TIESMITH_INLINE Vec::F merge(std::size_t slot, Vec::F base, const Vec::F* theta, Vec::U& largest_sum) {
    Vec::F tau[kModels];
    Vec::M kept[kModels], against[kModels], undecided = Vec::none();
    Vec::F sum = Vec::set(0.0f);
    for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
      tau[m] = Vec::sub(theta[m], base);
      if (((kTrimmed >> m) & 1) != 0) {
        const Vec::U key = key_of(tau[m]);
        kept[m] = Vec::greater_u(key, Vec::set_u(brackets_.top[m]));
        undecided = Vec::either(undecided, Vec::without(Vec::greater_u(key, Vec::set_u(brackets_.below[m])), kept[m]));
        zero_[m].add(slot, Vec::equal_u(key, Vec::set_u(0)));  // not all that is not kept
      } else {
        kept[m] = Vec::is_nonzero(tau[m]);
      }
      sum = m == 0 ? Vec::keep(kept[m], tau[m]) : Vec::add_where(kept[m], sum, tau[m]);
      retained_[m].add(slot, kept[m]);
    });
    const Vec::U sum_key = key_of(sum);
    largest_sum = Vec::max_u(largest_sum, sum_key);
    const Vec::M elects_minus = is_negative(sum);
    for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
      against[m] = Vec::differ(Vec::has_sign(tau[m]), elects_minus);
      discarded_[m].add(slot, Vec::both(kept[m], against[m]));
    });
    if constexpr (kModels > 2) count_conflicts(slot, tau, kept);
    if constexpr (kHasSlack) {
      const Vec::M lost = Vec::both(kept[kPriority], against[kPriority]);
      const Vec::M given = Vec::both(lost, Vec::greater_u(Vec::set_u(brackets_.given_below), sum_key));
      const Vec::M out = Vec::greater_u(sum_key, Vec::set_u(brackets_.undecided_up_to));
      undecided = Vec::either(undecided, Vec::without(Vec::without(lost, given), out));
      given_back_.add(slot, given);
      // Where the priority model lost, its sign is the other one.
      for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
        against[m] = Vec::differ(against[m], given);
      });
    }
    undecided_.put(slot, undecided);
    return Vec::add(Vec::mul(mean(tau, kept, against), Vec::set(lambda_)), base);
  }

  // `slots`: vectors in the block that begins at element `first`.
  void end_block(std::size_t slots, std::size_t first, const UndecidedSink& sink) {
    for (std::size_t m = 0; m < kModels; ++m) {
      if (((kTrimmed >> m) & 1) != 0) zero_[m].end_block(slots);
      retained_[m].end_block(slots);
      discarded_[m].end_block(slots);
      if constexpr (kModels > 2) in_conflict_[m].end_block(slots);
    }
    if constexpr (kModels > 2) conflicts_.end_block(slots);
    if constexpr (kHasSlack) given_back_.end_block(slots);
    list_undecided_pairs(undecided_, slots, first, sink);
  }

  // `padding`: elements past the end of the chunk, which counted as zeros.
  void totals(std::size_t element_count, std::size_t padding, ModelCounts* per_model, CombineCounts& counts) const {
    std::uint64_t conflicts = conflicts_.total();
    // With two models both take part in every conflict, and one of them loses it.
    if constexpr (kModels == 2) conflicts = discarded_[0].total() + discarded_[1].total();
    for (std::size_t m = 0; m < kModels; ++m) {
      const std::uint64_t retained = retained_[m].total();
      const bool is_trimmed = ((kTrimmed >> m) & 1) != 0;
      per_model[m] = {is_trimmed ? zero_[m].total() - padding : element_count - retained, retained,
                      kModels == 2 ? conflicts : in_conflict_[m].total(), discarded_[m].total()};
    }
    counts.conflicts += conflicts;
    counts.given_back += given_back_.total();
  }

 private:
  TIESMITH_INLINE void count_conflicts(std::size_t slot, const Vec::F* tau, const Vec::M* kept) {
    Vec::M any_positive = Vec::none(), any_negative = Vec::none();
    for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
      any_positive = Vec::either(any_positive, Vec::without(kept[m], Vec::has_sign(tau[m])));
      any_negative = Vec::either(any_negative, Vec::both(kept[m], Vec::has_sign(tau[m])));
    });
    const Vec::M conflict = Vec::both(any_positive, any_negative);
    conflicts_.add(slot, conflict);
    for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
      in_conflict_[m].add(slot, Vec::both(kept[m], conflict));
    });
  }

  // The mean, or sum, of the task vectors that are kept and not against the elected sign.
  TIESMITH_INLINE Vec::F mean(const Vec::F* tau, const Vec::M* kept, const Vec::M* against) const {
    Vec::F sum = Vec::set(0.0f), divisor = Vec::set(0.0f);
    Vec::M everyone = Vec::none();
    for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
      const Vec::M agreeing = Vec::without(kept[m], against[m]);
      sum = m == 0 ? Vec::keep(agreeing, tau[m]) : Vec::add_where(agreeing, sum, tau[m]);
      everyone = m == 0 ? agreeing : Vec::both(everyone, agreeing);
      if constexpr (kModels > 2) divisor = Vec::add_where(agreeing, divisor, Vec::set(1.0f));
    });
    if (!normalize_) return sum;
    // Halving is exact, and the same as dividing by 2.
    if constexpr (kModels == 2) return Vec::select(everyone, Vec::mul(sum, Vec::set(0.5f)), sum);
    return Vec::div(sum, SinglePrecision::one_for_zero(divisor));
  }

  UnitBrackets<kModels> brackets_;
  float lambda_;
  bool normalize_;
  DraftCounter zero_[kModels], retained_[kModels], discarded_[kModels], in_conflict_[kModels];
  DraftCounter conflicts_, given_back_;
  MaskLog undecided_;
};

inline constexpr std::size_t kPairElements = 2 * kLanes;

static TIESMITH_INLINE void load_pair(const Source& source, std::size_t element, Vec::F& even, Vec::F& odd) {
  const std::uint8_t* p = source.bytes + 2 * element;
  __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + 2 * kPrefetchElements));
  Vec::load_bf16_pair(p, even, odd);
}

static std::uint32_t largest_half(Vec::U x) {
  const std::uint32_t low = Vec::largest(Vec::and_u(x, Vec::set_u(0xffffu)));
  return std::max(low, Vec::largest(x) >> 16);
}

// Drafts kPairElements elements from `i` on, whose masks have the places from `slot` on; gives what it stores.
template <std::size_t kModels, class Draft>
static TIESMITH_INLINE Vec::U draft_pair(Draft& draft, const Sources<kModels>& from, std::size_t i, std::size_t slot,
                                         std::uint8_t* output, Vec::U& largest_sum) {
  Vec::F base_even, base_odd, even[kModels], odd[kModels];
  load_pair(from.base, i, base_even, base_odd);
  for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
    load_pair(from.models[m], i, even[m], odd[m]);
  });
  const Vec::F merged_even = draft.merge(slot, base_even, even, largest_sum);
  const Vec::F merged_odd = draft.merge(slot + 1, base_odd, odd, largest_sum);
  return Vec::store_bf16_pair(output, merged_even, merged_odd);
}

template <std::size_t kModels, unsigned kTrimmed, int kPriority>
static Outcome draft_unit_with(const ChunkInputs& inputs, const Combination& combination, const Brackets& brackets,
                               const Output& output, const UndecidedSink& sink, ModelCounts* per_model,
                               CombineCounts& counts) {
  UnitDraft<kModels, kTrimmed, kPriority> draft(inputs, combination, brackets);
  const Sources<kModels> sources(inputs);
  std::size_t padding = 0;
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t rest = count % kPairElements, whole = first + count - rest;
    Vec::U largest_sum = Vec::set_u(0), largest_result = Vec::set_u(0);
    std::size_t slot = 0;
    for (std::size_t i = first; i < whole; i += kPairElements, slot += 2) {
      const Vec::U stored = draft_pair<kModels>(draft, sources, i, slot, output.bytes + 2 * i, largest_sum);
      largest_result = Vec::max_halves(largest_result, Vec::and_u(stored, Vec::set_u(0x7fff7fffu)));
    }
    if (rest != 0) {
      const PaddedInputs tail(inputs, whole, rest);
      std::uint8_t padded[2 * kPairElements];
      const Vec::U stored = draft_pair<kModels>(draft, Sources<kModels>(tail.inputs), 0, slot, padded, largest_sum);
      largest_result = Vec::max_halves(largest_result, Vec::and_u(stored, Vec::set_u(0x7fff7fffu)));
      std::memcpy(output.bytes + 2 * whole, padded, 2 * rest);
      padding = kPairElements - rest;
      slot += 2;
    }
    // Kept NaN and Inf show in the sum of the votes, and those of a bracketed model are kept. A sum may also be Inf
    // because it overflows, which elects as well as any.
    if (Vec::largest(largest_sum) > 0x7f7fffffu) {
      const Outcome found = find_not_finite(inputs, first, count);
      if (found.status != Status::Ok) return found;
    }
    if (largest_half(largest_result) >= 0x7f80u) {
      const Outcome settled = settle_overflow(output, first, count, counts.saturated);
      if (settled.status != Status::Ok) return settled;
    }
    draft.end_block(slot, first, sink);
    if (output.sink.take != nullptr) output.sink.take(output.sink.context, output.bytes + 2 * first, 2 * count);
  }
  draft.totals(inputs.element_count, padding, per_model, counts);
  return {Status::Ok, 0, 0};
}

// Calls body with the pattern of trimmed models as a constant. Three models share one body, whose brackets of
// untrimmed ones hold nothing.
template <std::size_t kModels, class Body>
static TIESMITH_INLINE Outcome with_trimmed(const ChunkInputs& inputs, Body body) {
  if constexpr (kModels == 2) {
    const bool first = inputs.models[0].trim == TrimKind::ByCut, second = inputs.models[1].trim == TrimKind::ByCut;
    if (!first) return body(std::integral_constant<unsigned, 2>{});
    if (!second) return body(std::integral_constant<unsigned, 1>{});
  }
  return body(std::integral_constant<unsigned, (1u << kModels) - 1>{});
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

// Whether the unit body may draft this: bf16 throughout, and no trim that could hide a NaN.
static bool has_unit_draft(const ChunkInputs& inputs, const Election& election, const Output& output) {
  if (inputs.model_count != 2 && inputs.model_count != 3) return false;
  for (std::size_t m = 0; m < inputs.model_count; ++m) {
    const ModelInput& model = inputs.models[m];
    if (model.trim == TrimKind::Everything) continue;
    if (model.trim == TrimKind::Nothing || model.cut.threshold >= 0x7f800000u) return false;
  }
  return output.dtype == Dtype::BF16 && has_unit_weights(inputs, election) &&
         all_stored_as(Dtype::BF16, inputs.base, inputs.models, inputs.model_count);
}

static Outcome draft_unit(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                          const Brackets& brackets, const Output& output, const UndecidedSink& sink,
                          ModelCounts* per_model, CombineCounts& counts) {
  const auto draft = [&](auto models) {
    constexpr std::size_t kModels = decltype(models)::value;
    return with_trimmed<kModels>(inputs, [&](auto trimmed) {
      return with_priority<kModels>(combination.has_slack ? election.priority : -1, [&](auto priority) {
        return draft_unit_with<kModels, decltype(trimmed)::value, decltype(priority)::value>(
            inputs, combination, brackets, output, sink, per_model, counts);
      });
    });
  };
  if (inputs.model_count == 2) return draft(std::integral_constant<std::size_t, 2>{});
  return draft(std::integral_constant<std::size_t, 3>{});
}
