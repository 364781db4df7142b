// What an election does, without merging: counts, norms, products and octaves of the task vectors in one pass.
// Included inside a set's namespace.

// Magnitudes by octave. Neighbouring lanes count in tables of their own: equal magnitudes follow each other, and
// counting one bin twice at once waits for memory.
class OctaveCounter {
 public:
  explicit OctaveCounter(std::uint32_t* octaves) : octaves_(octaves) { std::memset(tables_, 0, sizeof tables_); }

  TIESMITH_INLINE void add(Vec::U key) {
    std::uint32_t lane[kLanes];
    Vec::store_u32(lane, key);
    for (std::size_t i = 0; i < kLanes; ++i) tables_[i % kTables][lane[i] >> 23] += 1;
  }
  // `padding`: lanes past the end of the chunk, which counted as zeros.
  void finish(std::size_t padding) {
    for (const auto& table : tables_)
      for (std::size_t e = 0; e < kOctaves; ++e) octaves_[e] += table[e];
    octaves_[0] -= static_cast<std::uint32_t>(padding);
  }

 private:
  static constexpr std::size_t kTables = 4;
  std::uint32_t* octaves_;
  std::uint32_t tables_[kTables][kOctaves];
};

// Pairs in the order 0 1, 0 2, ..., 1 2, ...: calls body(pair, i, j).
template <std::size_t kModels, class Body>
static TIESMITH_INLINE void for_each_pair_of(std::size_t model_count, Body body) {
  if (pair_count_of(model_count) == 0) return;
  std::size_t pair = 0;
  for_each_model<kModels>(model_count, [&](std::size_t i) __attribute__((always_inline)) {
    for_each_model<kModels>(model_count, [&](std::size_t j) __attribute__((always_inline)) {
      if (j > i) body(pair++, i, j);
    });
  });
}

template <std::size_t kModels>
struct AnalysisRoom {
  static constexpr std::size_t kModelRoom = Votes<kModels>::kRoom;
  static constexpr std::size_t kPairRoom = std::max<std::size_t>(1, pair_count_of(kModels == 0 ? kMaxPairedModels : kModels));
};

// Counts of a chunk.
template <std::size_t kModels>
struct AnalysisCounters {
  using Room = AnalysisRoom<kModels>;
  struct Model {
    Vec::Counter zero, retained, in_conflict, conflicts_lost, zero_votes, discarded, discarded_zero_votes;
    Vec::U largest = Vec::set_u(0), largest_trimmed = Vec::set_u(0);
  };
  struct Pair {
    Vec::Counter same, opposite, same_trimmed, opposite_trimmed;
  };
  Model models[Room::kModelRoom];
  Pair pairs[Room::kPairRoom];
  Vec::Counter conflicts, zero_votes, given_back;
  Vec::U largest_given = Vec::set_u(0);

  void add_to(const ChunkInputs& inputs, Analysis& out) const {
    const std::size_t padding = (kLanes - inputs.element_count % kLanes) % kLanes;
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      const Model& from = models[m];
      AnalysisCounts& to = out.models[m];
      to.zero += from.zero.total() - padding;
      to.retained += from.retained.total();
      to.in_conflict += from.in_conflict.total();
      to.conflicts_lost += from.conflicts_lost.total();
      to.zero_votes += from.zero_votes.total();
      to.discarded += from.discarded.total();
      to.discarded_zero_votes += from.discarded_zero_votes.total();
      to.largest = std::max(to.largest, Vec::largest(from.largest));
      to.largest_trimmed = std::max(to.largest_trimmed, Vec::largest(from.largest_trimmed));
    }
    for (std::size_t p = 0; p < pair_count_of(inputs.model_count); ++p) {
      out.pairs[p].same += pairs[p].same.total();
      out.pairs[p].opposite += pairs[p].opposite.total();
      out.pairs[p].same_trimmed += pairs[p].same_trimmed.total();
      out.pairs[p].opposite_trimmed += pairs[p].opposite_trimmed.total();
    }
    out.totals.conflicts += conflicts.total();
    out.totals.zero_votes += zero_votes.total();
    out.totals.given_back += given_back.total();
    out.totals.largest_given = std::max(out.totals.largest_given, Vec::largest(largest_given));
  }
};

// Sums of a block. What is not trimmed has the same sums after trim.
template <std::size_t kModels>
struct AnalysisSums {
  using Room = AnalysisRoom<kModels>;
  struct Model {
    Vec::D magnitudes = Vec::zero_d(), squares = Vec::zero_d();
    Vec::D trimmed_magnitudes = Vec::zero_d(), trimmed_squares = Vec::zero_d();
    Vec::D discarded = Vec::zero_d();
  };
  struct Pair {
    Vec::D products = Vec::zero_d(), trimmed_products = Vec::zero_d();
  };
  Model models[Room::kModelRoom];
  Pair pairs[Room::kPairRoom];
  Vec::D given_back = Vec::zero_d();

  void store(const ChunkInputs& inputs, double* out) const {
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      const Model& model = models[m];
      const bool whole = inputs.models[m].trim == TrimKind::Everything;
      *out++ = add_pairwise(model.magnitudes);
      *out++ = add_pairwise(model.squares);
      *out++ = add_pairwise(whole ? model.magnitudes : model.trimmed_magnitudes);
      *out++ = add_pairwise(whole ? model.squares : model.trimmed_squares);
      *out++ = add_pairwise(model.discarded);
    }
    for (std::size_t p = 0; p < pair_count_of(inputs.model_count); ++p) {
      *out++ = add_pairwise(pairs[p].products);
      *out++ = add_pairwise(pairs[p].trimmed_products);
    }
    *out = add_pairwise(given_back);
  }
};

// One vector of parameters, with what is known of it at every model.
template <std::size_t kModels>
struct AnalysedVector {
  static constexpr std::size_t kRoom = Votes<kModels>::kRoom;
  Votes<kModels> votes;
  Vec::D wide[kRoom];  // the untrimmed task vectors
  Vec::M positive[kRoom], negative[kRoom], kept[kRoom], kept_positive[kRoom], kept_negative[kRoom];
};

template <std::size_t kModels>
static TIESMITH_INLINE void count_pairs(const AnalysedVector<kModels>& vector, std::size_t model_count,
                                        AnalysisCounters<kModels>& counters, AnalysisSums<kModels>& sums) {
  for_each_pair_of<kModels>(model_count, [&](std::size_t p, std::size_t i, std::size_t j) __attribute__((always_inline)) {
    const auto same = [](const Vec::M* positive, const Vec::M* negative, std::size_t a, std::size_t b)
                          __attribute__((always_inline)) {
      return Vec::either(Vec::both(positive[a], positive[b]), Vec::both(negative[a], negative[b]));
    };
    const auto opposite = [](const Vec::M* positive, const Vec::M* negative, std::size_t a, std::size_t b)
                              __attribute__((always_inline)) {
      return Vec::either(Vec::both(positive[a], negative[b]), Vec::both(negative[a], positive[b]));
    };
    auto& counts = counters.pairs[p];
    counts.same.add(same(vector.positive, vector.negative, i, j));
    counts.opposite.add(opposite(vector.positive, vector.negative, i, j));
    counts.same_trimmed.add(same(vector.kept_positive, vector.kept_negative, i, j));
    counts.opposite_trimmed.add(opposite(vector.kept_positive, vector.kept_negative, i, j));
    const Vec::D product = Vec::mul_d(vector.wide[i], vector.wide[j]);
    sums.pairs[p].products = Vec::add_d(sums.pairs[p].products, product);
    sums.pairs[p].trimmed_products =
        Vec::add_kept_d(sums.pairs[p].trimmed_products, Vec::both(vector.kept[i], vector.kept[j]), product);
  });
}

// The masks and wide lanes of each model, and all that is counted of it alone.
template <class Loader, std::size_t kModels>
static TIESMITH_INLINE void look_at_models(const ChunkInputs& from, std::size_t i, AnalysedVector<kModels>& vector,
                                           AnalysisCounters<kModels>& counters, AnalysisSums<kModels>& sums) {
  for_each_model<kModels>(from.model_count, [&](std::size_t m) __attribute__((always_inline)) {
    const Votes<kModels>& votes = vector.votes;
    const Vec::F tau = Vec::sub(Loader::load(from.models[m].source, i), votes.base);
    const Vec::U key = key_of(tau);
    vector.wide[m] = Vec::widen(tau);
    vector.positive[m] = is_positive(tau);
    vector.negative[m] = is_negative(tau);
    vector.kept_positive[m] = is_positive(votes.trimmed[m]);
    vector.kept_negative[m] = is_negative(votes.trimmed[m]);
    vector.kept[m] = Vec::either(vector.kept_positive[m], vector.kept_negative[m]);
    auto& counts = counters.models[m];
    counts.zero.add(votes.zero[m]);
    counts.retained.add(vector.kept[m]);
    counts.largest = Vec::max_u(counts.largest, key);
    counts.largest_trimmed = Vec::max_u(counts.largest_trimmed, key_of(votes.trimmed[m]));
    auto& own = sums.models[m];
    const Vec::D magnitude = Vec::abs_d(vector.wide[m]);
    const Vec::D square = Vec::mul_d(magnitude, magnitude);
    own.magnitudes = Vec::add_d(own.magnitudes, magnitude);
    own.squares = Vec::add_d(own.squares, square);
    if (from.models[m].trim != TrimKind::ByCut) return;
    own.trimmed_magnitudes = Vec::add_kept_d(own.trimmed_magnitudes, vector.kept[m], magnitude);
    own.trimmed_squares = Vec::add_kept_d(own.trimmed_squares, vector.kept[m], square);
  });
}

// What the election does to each model.
template <std::size_t kModels>
static TIESMITH_INLINE void count_election(const AnalysedVector<kModels>& vector, std::size_t model_count,
                                           AnalysisCounters<kModels>& counters, AnalysisSums<kModels>& sums) {
  const Votes<kModels>& votes = vector.votes;
  Vec::M any_positive = Vec::none(), any_negative = Vec::none();
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    any_positive = Vec::either(any_positive, vector.kept_positive[m]);
    any_negative = Vec::either(any_negative, vector.kept_negative[m]);
  });
  const Vec::M conflict = Vec::both(any_positive, any_negative);
  const Vec::M zero_vote =
      Vec::both(Vec::either(any_positive, any_negative), Vec::equal(votes.sum, Vec::set(0.0f)));
  counters.conflicts.add(conflict);
  counters.zero_votes.add(zero_vote);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    const Vec::M lost = Vec::without(vector.kept[m], agrees(votes, votes.vote[m]));
    auto& counts = counters.models[m];
    counts.in_conflict.add(Vec::both(vector.kept[m], conflict));
    counts.conflicts_lost.add(Vec::both(lost, conflict));
    counts.zero_votes.add(Vec::both(vector.kept[m], zero_vote));
    counts.discarded.add(lost);
    counts.discarded_zero_votes.add(Vec::both(lost, zero_vote));
    sums.models[m].discarded = Vec::add_kept_d(sums.models[m].discarded, lost, Vec::abs_d(vector.wide[m]));
  });
}

template <class Loader, std::size_t kModels>
static Outcome analyse_with(const ChunkInputs& inputs, const Election& election, const Cut* slack_cut,
                            Analysis& out) {
  const VoteFactors<kModels> factors(inputs);
  Selectors selectors(inputs.models, inputs.model_count);
  Selector slack(slack_cut == nullptr ? TrimKind::Nothing : TrimKind::ByCut, slack_cut == nullptr ? Cut{} : *slack_cut);
  AnalysisCounters<kModels> counters;
  double* block_sums = out.block_sums;
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t whole = first + count / kLanes * kLanes;
    AnalysisSums<kModels> sums;
    Vec::U largest_key = Vec::set_u(0);
    const auto add = [&](const ChunkInputs& from, std::size_t i) __attribute__((always_inline)) {
      AnalysedVector<kModels> vector;
      cast_votes<Loader, kModels>(from, election.priority, factors, selectors, i, largest_key, vector.votes);
      elect(election, vector.votes);
      look_at_models<Loader, kModels>(from, i, vector, counters, sums);
      count_election(vector, from.model_count, counters, sums);
      count_pairs(vector, from.model_count, counters, sums);
      if (slack_cut == nullptr) return;
      const Vec::M lost = priority_losses(vector.votes);
      const Vec::M given = Vec::both(lost, slack.select(key_of_loss(lost, vector.votes.sum)));
      counters.given_back.add(given);
      counters.largest_given = Vec::max_u(
          counters.largest_given, Vec::select_u(given, key_of(vector.votes.sum), Vec::set_u(0)));
      sums.given_back = Vec::add_kept_d(sums.given_back, given, Vec::abs_d(Vec::widen(vector.votes.priority_trimmed)));
    };
    for (std::size_t i = first; i < whole; i += kLanes) add(inputs, i);
    if (whole < first + count) {
      const PaddedInputs tail(inputs, whole, first + count - whole);
      add(tail.inputs, 0);
    }
    if (Vec::largest(largest_key) > 0x7f7fffffu) return find_not_finite(inputs, first, count);
    sums.store(inputs, block_sums);
    block_sums += analysis_sums(inputs.model_count);
  }
  counters.add_to(inputs, out);
  return {Status::Ok, 0, 0};
}

// A pass of its own for each model: an octave is found by an address, lane by lane.
template <class Loader>
static void count_octaves(const Source& base, const Source& model, std::size_t element_count,
                          std::uint32_t* octaves) {
  OctaveCounter counter(octaves);
  const std::size_t whole = element_count / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes)
    counter.add(key_of(Vec::sub(Loader::load(model, i), Loader::load(base, i))));
  const std::size_t rest = element_count - whole;
  if (rest != 0) {
    PaddedTail base_tail, model_tail;
    base_tail.fill(base, whole, rest);
    model_tail.fill(model, whole, rest);
    counter.add(key_of(Vec::sub(Loader::load(model_tail.source, 0), Loader::load(base_tail.source, 0))));
  }
  counter.finish(rest == 0 ? 0 : kLanes - rest);
}

static Outcome analyse(const ChunkInputs& inputs, const Election& election, const Cut* slack, Analysis& out) noexcept {
  Outcome outcome{Status::Ok, 0, 0};
  with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
    using Loader = decltype(loader);
    with_model_count(inputs.model_count, [&](auto models) {
      outcome = analyse_with<Loader, decltype(models)::value>(inputs, election, slack, out);
    });
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      count_octaves<Loader>(*inputs.base, inputs.models[m].source, inputs.element_count, out.octaves + m * kOctaves);
  });
  return outcome;
}
