// What an election does, without merging: counts, norms, products and octaves of the task vectors in one pass.
// Included inside a set's namespace.

// One vector of parameters: what trim and election do to each model.
template <std::size_t kModels>
struct AnalysedVector {
  static constexpr std::size_t kRoom = Votes<kModels>::kRoom;
  Vec::F tau[kRoom];
  Vec::D wide[kRoom];     // tau
  Vec::U key[kRoom];
  Vec::M zero[kRoom];
  Vec::M has_sign[kRoom];
  Vec::M kept[kRoom];     // never a zero
  Vec::M lost[kRoom];
  Vec::M conflict, zero_vote;  // of two models with votes of weight 1
  Vec::M priority_lost;
  Vec::M given;
  Vec::D priority_wide;
  Vec::F sum;
};

template <class Loader, std::size_t kModels>
static TIESMITH_INLINE void look_at_model(const Sources<kModels>& from, std::size_t i, std::size_t m, Vec::F base,
                                          AnalysedVector<kModels>& vector) {
  vector.tau[m] = Vec::sub(Loader::load(from.models[m], i), base);
  vector.wide[m] = Vec::widen_aside(vector.tau[m]);
  vector.key[m] = key_of(vector.tau[m]);
  vector.zero[m] = Vec::equal_u(vector.key[m], Vec::set_u(0));
  vector.has_sign[m] = Vec::has_sign(vector.tau[m]);
}

// Votes are the trimmed task vectors themselves.
template <class Loader, std::size_t kModels, class Trims>
static TIESMITH_INLINE void vote_by_unit_weights(const Sources<kModels>& from, std::size_t model_count, Trims& trims,
                                                 std::size_t i, AnalysedVector<kModels>& vector) {
  const Vec::F base = Loader::load(from.base, i);
  vector.sum = Vec::set(0.0f);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    look_at_model<Loader, kModels>(from, i, m, base, vector);
    vector.kept[m] = trims.select(m, vector.key[m]);
    vector.sum = Vec::add_kept(vector.sum, vector.kept[m], vector.tau[m]);
  });
}

template <class Loader, std::size_t kModels, class Trims>
static TIESMITH_INLINE void vote_by_weights(const Sources<kModels>& from, std::size_t model_count,
                                            const Election& election, const VoteFactors<kModels>& factors,
                                            Trims& trims, std::size_t i, AnalysedVector<kModels>& vector) {
  Votes<kModels> votes;
  Vec::U largest_tau = Vec::set_u(0);  // that of the vector's keys is looked at
  cast_votes<Loader, kModels>(from, model_count, election.priority, factors, trims, i, largest_tau, votes);
  elect(election, votes);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    look_at_model<Loader, kModels>(from, i, m, votes.base, vector);
    vector.kept[m] = is_nonzero(votes.trimmed[m]);
    vector.lost[m] = Vec::without(vector.kept[m], agrees(votes, votes.vote[m]));
  });
  vector.sum = votes.sum;
  vector.priority_lost = priority_losses(votes);
  vector.priority_wide = Vec::widen(votes.priority_trimmed);
}

// What does not depend on other models.
template <bool kUnit, std::size_t kModels>
static TIESMITH_INLINE void count_models(const AnalysedVector<kModels>& vector, const ChunkInputs& from,
                                         AnalysisCounters<kUnit, kModels>& counters) {
  for_each_model<kModels>(from.model_count, [&](std::size_t m) __attribute__((always_inline)) {
    auto& counts = counters.models[m];
    counts.zero.add(vector.zero[m]);
    counts.retained.add(vector.kept[m]);
    counts.largest = Vec::max_u(counts.largest, vector.key[m]);
  });
}

template <bool kUnit, std::size_t kModels>
static TIESMITH_INLINE void count_election(const AnalysedVector<kModels>& vector, std::size_t model_count,
                                           AnalysisCounters<kUnit, kModels>& counters) {
  Vec::M any_positive = Vec::none(), any_negative = Vec::none();
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    any_positive = Vec::either(any_positive, Vec::without(vector.kept[m], vector.has_sign[m]));
    any_negative = Vec::either(any_negative, Vec::both(vector.kept[m], vector.has_sign[m]));
  });
  const Vec::M conflict = Vec::both(any_positive, any_negative);
  const Vec::M zero_vote =
      Vec::both(Vec::either(any_positive, any_negative), Vec::equal(vector.sum, Vec::set(0.0f)));
  counters.conflicts.add(conflict);
  counters.zero_votes.add(zero_vote);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    auto& counts = counters.models[m];
    counts.discarded.add(vector.lost[m]);
    counts.discarded_zero_votes.add(Vec::both(vector.lost[m], zero_vote));
    counts.in_conflict.add(Vec::both(vector.kept[m], conflict));
    counts.conflicts_lost.add(Vec::both(vector.lost[m], conflict));
    counts.zero_votes.add(Vec::both(vector.kept[m], zero_vote));
  });
}

template <std::size_t kModels>
static TIESMITH_INLINE void add_sums(const AnalysedVector<kModels>& vector, const ChunkInputs& from,
                                     AnalysisSums<kModels>& sums) {
  for_each_model<kModels>(from.model_count, [&](std::size_t m) __attribute__((always_inline)) {
    auto& own = sums.models[m];
    const Vec::D magnitude = Vec::abs_d(vector.wide[m]);
    own.magnitudes = Vec::add_d(own.magnitudes, magnitude);
    own.squares = Vec::add_product_d(own.squares, magnitude, magnitude);
    own.discarded = Vec::add_kept_d(own.discarded, vector.lost[m], magnitude);
    if (from.models[m].trim != TrimKind::ByCut) return;
    own.trimmed_magnitudes = Vec::add_kept_d(own.trimmed_magnitudes, vector.kept[m], magnitude);
    own.trimmed_squares = Vec::add_product_d(own.trimmed_squares, vector.kept[m], magnitude, magnitude);
  });
}

template <class Pair>
static TIESMITH_INLINE void add_products(Vec::D a, Vec::D b, Vec::M kept, Pair& sums) {
  sums.products = Vec::add_product_d(sums.products, a, b);
  sums.trimmed_products = Vec::add_product_d(sums.trimmed_products, kept, a, b);
}

// Election of two models with votes of weight 1. Masks are what bounds this kernel where they have registers and one port
// of their own, so that each is made once.
static TIESMITH_INLINE void elect_one_of_two(const Election& election, AnalysedVector<2>& vector) {
  const Vec::M opposite = Vec::differ(vector.has_sign[0], vector.has_sign[1]);
  vector.conflict = Vec::both(Vec::both(vector.kept[0], vector.kept[1]), opposite);
  vector.zero_vote = Vec::both(vector.conflict, Vec::equal(vector.sum, Vec::set(0.0f)));
  vector.lost[0] = Vec::both(vector.conflict, Vec::differ(vector.has_sign[0], is_negative(vector.sum)));
  vector.lost[1] = Vec::without(vector.conflict, vector.lost[0]);
  const std::size_t priority = election.priority == 1 ? 1 : 0;
  vector.priority_lost = vector.lost[priority];
  vector.priority_wide = vector.wide[priority];
}

template <class Counters>
static TIESMITH_INLINE void count_two(const AnalysedVector<2>& vector, Counters& counters, AnalysisSums<2>& sums) {
  const Vec::M opposite = Vec::differ(vector.has_sign[0], vector.has_sign[1]);
  const Vec::M any_zero = Vec::either(vector.zero[0], vector.zero[1]);
  const Vec::M kept = Vec::both(vector.kept[0], vector.kept[1]);
  counters.conflicts.add(vector.conflict);
  counters.zero_votes.add(vector.zero_vote);
  counters.models[0].discarded.add(vector.lost[0]);
  counters.models[0].discarded_zero_votes.add(Vec::both(vector.lost[0], vector.zero_vote));
  auto& counts = counters.pairs[0];
  counts.any_zero.add(any_zero);
  counts.opposite.add(Vec::without(opposite, any_zero));
  counts.kept.add(kept);
  add_products(vector.wide[0], vector.wide[1], kept, sums.pairs[0]);
}

template <bool kUnit, std::size_t kModels>
static TIESMITH_INLINE void compare_pairs(const AnalysedVector<kModels>& vector, std::size_t model_count,
                                          AnalysisCounters<kUnit, kModels>& counters, AnalysisSums<kModels>& sums) {
  for_each_pair_of<kModels>(model_count, [&](std::size_t p, std::size_t i, std::size_t j) __attribute__((always_inline)) {
    auto& counts = counters.pairs[p];
    const Vec::M opposite = Vec::differ(vector.has_sign[i], vector.has_sign[j]);
    const Vec::M any_zero = Vec::either(vector.zero[i], vector.zero[j]);
    const Vec::M kept = Vec::both(vector.kept[i], vector.kept[j]);
    counts.any_zero.add(any_zero);
    counts.opposite.add(Vec::without(opposite, any_zero));
    counts.kept.add(kept);
    counts.kept_opposite.add(Vec::both(kept, opposite));
    add_products(vector.wide[i], vector.wide[j], kept, sums.pairs[p]);
  });
}

// An undecided element is nobody's: left out of all that depends on a cut.
template <bool kUnit, std::size_t kModels>
static TIESMITH_INLINE void leave_out(Vec::M undecided, std::size_t model_count, AnalysedVector<kModels>& vector) {
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    vector.kept[m] = Vec::without(vector.kept[m], undecided);
    vector.lost[m] = Vec::without(vector.lost[m], undecided);
  });
  vector.given = Vec::without(vector.given, undecided);
  if constexpr (kCountsFollow<kUnit, kModels>) {
    vector.conflict = Vec::without(vector.conflict, undecided);
    vector.zero_vote = Vec::without(vector.zero_vote, undecided);
  }
}

// Cuts: ExactCuts, or BracketCuts that leave elements undecided, which `undecided` is told.
template <class Loader, bool kUnit, std::size_t kModels, class Cuts, class Undecided>
static Outcome analyse_with(const ChunkInputs& inputs, const Election& election, Cuts cuts, bool has_slack,
                            Undecided undecided, Analysis& out) {
  const VoteFactors<kModels> factors(inputs);
  const Sources<kModels> sources(inputs);
  AnalysisCounters<kUnit, kModels> counters;
  double* block_sums = out.block_sums;
  std::size_t first = 0, padding = 0, next_octaves = out.octave_first;
  for (std::size_t block = 0; first < inputs.element_count; ++block) {
    const std::size_t end = std::min(first + kBlockElements, inputs.element_count), count = end - first;
    const std::size_t whole = first + count / kLanes * kLanes;
    AnalysisSums<kModels> sums;
    const auto add = [&](const Sources<kModels>& from, std::size_t i) __attribute__((always_inline)) {
      AnalysedVector<kModels> vector;
      vector.given = Vec::none();
      if constexpr (kCountsFollow<kUnit, kModels>) {
        vote_by_unit_weights<Loader, kModels>(from, inputs.model_count, cuts.trims, i, vector);
        elect_one_of_two(election, vector);
      } else {
        vote_by_weights<Loader, kModels>(from, inputs.model_count, election, factors, cuts.trims, i, vector);
      }
      if (has_slack) {
        const Vec::U loss = key_of_loss(vector.priority_lost, vector.sum);
        vector.given = Vec::both(vector.priority_lost, cuts.slack.select(loss));
      }
      if constexpr (!Cuts::kDecideAll) {
        cuts.look(inputs.model_count);
        const Vec::M open = cuts.undecided();
        undecided.add([&] { return open; });
        leave_out<kUnit>(open, inputs.model_count, vector);
      }
      if constexpr (kCountsFollow<kUnit, kModels>) {
        count_two(vector, counters, sums);
      } else {
        count_election(vector, inputs.model_count, counters);
        compare_pairs(vector, inputs.model_count, counters, sums);
      }
      count_models(vector, inputs, counters);
      add_sums(vector, inputs, sums);
      if (!has_slack) return;
      counters.given_back.add(vector.given);
      counters.largest_given =
          Vec::max_u(counters.largest_given, Vec::select_u(vector.given, key_of(vector.sum), Vec::set_u(0)));
      sums.given_back = Vec::add_kept_d(sums.given_back, vector.given, Vec::abs_d(vector.priority_wide));
    };
    for (std::size_t i = first; i < whole; i += kLanes) add(sources, i);
    if (whole < end) {
      const PaddedInputs tail(inputs, whole, end - whole);
      add(Sources<kModels>(tail.inputs), 0);
      padding += whole + kLanes - end;
    }
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      if (Vec::largest(counters.models[m].largest) > 0x7f7fffffu) return find_not_finite(inputs, first, count);
    undecided.end_block(first);
    sums.store(inputs, block_sums);
    block_sums += analysis_sums(inputs.model_count);
    if (block == next_octaves) {
      next_octaves += out.octave_stride;
      count_octaves<Loader>(inputs, first, count, out.octaves);
    }
    first = end;
  }
  counters.add_to(inputs, padding, out);
  return {Status::Ok, 0, 0};
}

// The body that fits, with cuts made by make_cuts(number of models as a type).
template <class MakeCuts, class Undecided>
static Outcome analyse_by(const ChunkInputs& inputs, const Election& election, bool has_slack, MakeCuts make_cuts,
                          Undecided undecided, Analysis& out) {
  const bool unit = has_unit_weights(inputs, election);
  Outcome outcome{Status::Ok, 0, 0};
  with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
    using Loader = decltype(loader);
    with_model_count(inputs.model_count, [&](auto models) {
      constexpr std::size_t kModels = decltype(models)::value;
      if constexpr (kModels == 2) {
        if (unit) {
          outcome = analyse_with<Loader, true, kModels>(inputs, election, make_cuts(models), has_slack, undecided, out);
          return;
        }
      }
      outcome = analyse_with<Loader, false, kModels>(inputs, election, make_cuts(models), has_slack, undecided, out);
    });
  });
  return outcome;
}

static Combination with_slack(const Cut* slack) {
  return {1, true, slack != nullptr, slack == nullptr ? Cut{} : *slack};
}

static Outcome analyse(const ChunkInputs& inputs, const Election& election, const Cut* slack, Analysis& out) noexcept {
  const Combination combination = with_slack(slack);
  const auto make_cuts = [&](auto models) { return ExactCuts<decltype(models)::value>(inputs, combination); };
  return analyse_by(inputs, election, slack != nullptr, make_cuts, NothingUndecided{}, out);
}

static Outcome draft_analysis(const ChunkInputs& inputs, const Election& election, const Cut* slack,
                              const Brackets& brackets, const UndecidedSink& sink, Analysis& out) noexcept {
  if (has_unit_analysis(inputs, election)) return draft_unit_analysis(inputs, election, slack, brackets, sink, out);
  const Combination combination = with_slack(slack);
  const auto make_cuts = [&](auto models) {
    return BracketCuts<decltype(models)::value>(inputs, combination, brackets);
  };
  return analyse_by(inputs, election, slack != nullptr, make_cuts, UndecidedList(sink), out);
}
