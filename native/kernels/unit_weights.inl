// TIES where every weight is 1 and nothing is rescaled, the paper's setting, for half-precision outputs: a vote is the trimmed task vector
// itself, so that signs are bits of masks and the divisor is a count. Gives the same bytes as the general bodies,
// at about a third of their instructions. Included inside a set's namespace.

static bool has_unit_weights(const ChunkInputs& inputs, const Election& election) {
  return election.zero_sign == ZeroSign::Plus &&
         std::all_of(inputs.models, inputs.models + inputs.model_count, [](const ModelInput& model) {
           return model.weight == 1 && model.vote_weight == 1 && model.rescale == 1;
         });
}

// The trimmed task vectors of one vector of parameters, as masks over the untrimmed ones.
template <std::size_t kModels>
struct UnitVotes {
  Vec::F tau[kModels];
  Vec::M kept[kModels];      // never a zero
  Vec::M has_sign[kModels];  // tau is negative
  Vec::M zero[kModels];
  Vec::M priority_kept, priority_sign;
  Vec::F base;
  Vec::F sum;
  Vec::M elects_minus;  // an exactly zero sum elects +
};

template <class Loader, std::size_t kModels, class Trims>
static TIESMITH_INLINE void cast_unit_votes(const Sources<kModels>& from, int priority, Trims& trims, std::size_t i,
                                            Vec::U& largest_tau, UnitVotes<kModels>& votes) {
  votes.base = Loader::load(from.base, i);
  votes.sum = Vec::set(0.0f);
  votes.priority_kept = votes.priority_sign = Vec::none();
  for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
    votes.tau[m] = Vec::sub(Loader::load(from.models[m], i), votes.base);
    const Vec::U key = key_of(votes.tau[m]);
    largest_tau = Vec::max_u(largest_tau, key);
    votes.zero[m] = Vec::equal_u(key, Vec::set_u(0));
    votes.kept[m] = trims.select(m, key);
    votes.has_sign[m] = Vec::has_sign(votes.tau[m]);
    votes.sum = Vec::add(votes.sum, Vec::keep(votes.kept[m], votes.tau[m]));
    if (static_cast<int>(m) == priority) {
      votes.priority_kept = votes.kept[m];
      votes.priority_sign = votes.has_sign[m];
    }
  });
  votes.elects_minus = is_negative(votes.sum);
}

static TIESMITH_INLINE Vec::M unit_losses(Vec::M kept, Vec::M has_sign, Vec::M elects_minus) {
  return Vec::both(kept, Vec::differ(has_sign, elects_minus));
}

template <std::size_t kModels>
static TIESMITH_INLINE void count_unit_votes(const UnitVotes<kModels>& votes, RunningCounts<kModels>& counts) {
  Vec::M any_positive = Vec::none(), any_negative = Vec::none();
  for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
    any_positive = Vec::either(any_positive, Vec::without(votes.kept[m], votes.has_sign[m]));
    any_negative = Vec::either(any_negative, Vec::both(votes.kept[m], votes.has_sign[m]));
  });
  const Vec::M conflict = Vec::both(any_positive, any_negative);
  counts.conflicts.add(conflict);
  for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
    counts.zero[m].add(votes.zero[m]);
    counts.retained[m].add(votes.kept[m]);
    if (kModels == 2 && m == 1) return;  // follows: see finish_unit_counts
    counts.discarded[m].add(unit_losses(votes.kept[m], votes.has_sign[m], votes.elects_minus));
    if constexpr (kModels > 2) counts.in_conflict[m].add(Vec::both(votes.kept[m], conflict));
  });
}

// With two models both take part in every conflict, and one of them loses it.
template <std::size_t kModels>
static void finish_unit_counts(std::size_t element_count, const RunningCounts<kModels>& running, ModelCounts* per_model,
                               CombineCounts& counts) {
  const std::size_t padding = (kLanes - element_count % kLanes) % kLanes;
  running.add_to(kModels, padding, per_model, counts);
  if constexpr (kModels == 2) {
    const std::uint64_t conflicts = running.conflicts.total();
    per_model[0].in_conflict = per_model[1].in_conflict = conflicts;
    per_model[1].discarded = conflicts - per_model[0].discarded;
  }
}

template <std::size_t kModels>
static TIESMITH_INLINE Vec::F merge_unit_votes(const UnitVotes<kModels>& votes, bool normalize) {
  Vec::F sum = Vec::set(0.0f), divisor = Vec::set(0.0f);
  Vec::M everyone = Vec::from_bits(first_lanes(kLanes));
  for_each_model<kModels>(kModels, [&](std::size_t m) __attribute__((always_inline)) {
    const Vec::M agreeing = Vec::without(votes.kept[m], Vec::differ(votes.has_sign[m], votes.elects_minus));
    sum = Vec::add(sum, Vec::keep(agreeing, votes.tau[m]));
    if constexpr (kModels > 2) divisor = Vec::add(divisor, Vec::keep(agreeing, Vec::set(1.0f)));
    everyone = Vec::both(everyone, agreeing);
  });
  if (!normalize) return sum;
  // Halving is exact, and the same as dividing by 2.
  if constexpr (kModels == 2) return Vec::select(everyone, Vec::mul(sum, Vec::set(0.5f)), sum);
  return Vec::div(sum, SinglePrecision::one_for_zero(divisor));
}

template <class Loader, std::size_t kModels>
static void tally_unit_slack(const ChunkInputs& inputs, const Election& election, const Window& window,
                             const Sampling& sampling, Tally& tally, ElectionCounts& counts) {
  ExactTrims<kModels> trims(inputs);
  TallyWriter writer(window, tally);
  Vec::U largest_tau = Vec::set_u(0);  // checked when combining
  Vec::Counter retained, lost_count;
  const Sources<kModels> sources(inputs);
  const auto add = [&](const Sources<kModels>& from, std::size_t i, std::size_t slot) __attribute__((always_inline)) {
    UnitVotes<kModels> votes;
    cast_unit_votes<Loader, kModels>(from, election.priority, trims, i, largest_tau, votes);
    const Vec::M lost = unit_losses(votes.priority_kept, votes.priority_sign, votes.elects_minus);
    retained.add(votes.priority_kept);
    lost_count.add(lost);
    writer.add(slot, key_of_loss(lost, votes.sum), lost);
  };
  const auto whole = [&](std::size_t i, std::size_t slot) __attribute__((always_inline)) { add(sources, i, slot); };
  const auto tail = [&](std::size_t first, std::size_t count) {
    const PaddedInputs padded(inputs, first, count);
    add(Sources<kModels>(padded.inputs), 0, 0);
  };
  for_each_sampled(inputs.element_count, sampling, whole, tail,
                   [&](std::size_t slots) __attribute__((always_inline)) { writer.drain(slots); },
                   prefetch_of(sources, inputs.model_count));
  writer.finish();
  counts.priority_retained += retained.total();
  counts.priority_discarded += lost_count.total();
}

template <class Loader, std::size_t kModels, bool kSlack>
static Outcome combine_unit_ties(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                                 const Output& output, ExactCuts<kModels> cuts, ModelCounts* per_model,
                                 CombineCounts& counts) {
  const auto lambda = static_cast<float>(combination.lambda);
  const int priority = kSlack ? election.priority : -1;
  RunningCounts<kModels> running;
  const Outcome outcome = for_each_block<kModels>(
      inputs, output, counts, NothingUndecided{},
      [&](const Sources<kModels>& from, std::size_t i, Vec::U& largest_key) __attribute__((always_inline)) {
        UnitVotes<kModels> votes;
        cast_unit_votes<Loader, kModels>(from, priority, cuts.trims, i, largest_key, votes);
        count_unit_votes(votes, running);
        if constexpr (kSlack) {
          const Vec::M lost = unit_losses(votes.priority_kept, votes.priority_sign, votes.elects_minus);
          const Vec::M given = Vec::both(lost, cuts.slack.select(key_of_loss(lost, votes.sum)));
          // Where the priority model lost, its sign is the other one.
          votes.elects_minus = Vec::differ(votes.elects_minus, given);
          running.given_back.add(given);
        }
        const Vec::F merged = merge_unit_votes<kModels>(votes, combination.normalize);
        return Vec::add(Vec::mul(merged, Vec::set(lambda)), votes.base);
      });
  finish_unit_counts(inputs.element_count, running, per_model, counts);
  return outcome;
}
