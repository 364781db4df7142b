// What an analysis counts and adds up while it passes over a chunk, and how that becomes plain numbers.
// Included inside a set's namespace.

// Magnitudes by octave. Neighbouring lanes count in tables of their own: equal magnitudes follow each other, and
// counting one bin twice at once waits for memory.
class OctaveCounter {
 public:
  OctaveCounter() { std::memset(tables_, 0, sizeof tables_); }

  TIESMITH_INLINE void add(Vec::U key, std::size_t count) {
    std::uint32_t lane[kLanes];
    Vec::store_u32(lane, key);
    for (std::size_t i = 0; i < count; ++i) tables_[i % kTables][lane[i] >> 23] += 1;
  }
  void add_to(std::uint32_t* octaves) const {
    for (const auto& table : tables_)
      for (std::size_t e = 0; e < kOctaves; ++e) octaves[e] += table[e];
  }

 private:
  static constexpr std::size_t kTables = 4;
  std::uint32_t tables_[kTables][kOctaves];
};

// Counts a block that the pass has just read.
template <class Loader>
static void count_octaves_of(const Source& base, const Source& model, std::size_t first, std::size_t count,
                             std::uint32_t* octaves) {
  OctaveCounter counter;
  const std::size_t whole = first + count / kLanes * kLanes;
  for (std::size_t i = first; i < whole; i += kLanes)
    counter.add(key_of(Vec::sub(Loader::load(model, i), Loader::load(base, i))), kLanes);
  if (const std::size_t rest = count % kLanes; rest != 0) {
    PaddedTail base_tail, model_tail;
    base_tail.fill(base, whole, rest);
    model_tail.fill(model, whole, rest);
    counter.add(key_of(Vec::sub(Loader::load(model_tail.source, 0), Loader::load(base_tail.source, 0))), rest);
  }
  counter.add_to(octaves);
}

// Of all models.
template <class Loader>
static void count_octaves(const ChunkInputs& inputs, std::size_t first, std::size_t count, std::uint32_t* octaves) {
  for (std::size_t m = 0; m < inputs.model_count; ++m)
    count_octaves_of<Loader>(*inputs.base, inputs.models[m].source, first, count, octaves + m * kOctaves);
}

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

// Of two models with votes of weight 1 most counts follow from others: both take part in every conflict, one of them
// loses it, nothing else is lost, and votes that add up to 0 are a conflict.
template <bool kUnit, std::size_t kModels>
inline constexpr bool kCountsFollow = kUnit && kModels == 2;

// Counts of a chunk. Constructors are spelt out, here and below: GCC compiles those that it makes up outside of the target
// region, where a function that is not inlined gives a vector back by memory, and not in the register that Vec's use.
template <bool kUnit, std::size_t kModels>
struct AnalysisCounters {
  using Room = AnalysisRoom<kModels>;
  struct Model {
    Vec::Counter zero, retained, in_conflict, conflicts_lost, zero_votes, discarded, discarded_zero_votes;
    Vec::U largest = Vec::set_u(0);
    TIESMITH_INLINE Model() {}
  };
  struct Pair {
    // Elements where one is zero; where neither is and the signs differ; where trim keeps both; and the signs differ.
    Vec::Counter any_zero, opposite, kept, kept_opposite;
  };
  Model models[Room::kModelRoom];
  Pair pairs[Room::kPairRoom];
  Vec::Counter conflicts, zero_votes, given_back;
  Vec::U largest_given = Vec::set_u(0);

  TIESMITH_INLINE AnalysisCounters() {}

  // `padding`: elements past the ends of blocks, which counted as zeros.
  void add_to(const ChunkInputs& inputs, std::size_t padding, Analysis& out) const {
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      AnalysisCounts& to = out.models[m];
      to.zero += models[m].zero.total() - padding;
      const std::uint64_t retained = models[m].retained.total();
      const std::uint32_t largest = Vec::largest(models[m].largest);
      to.retained += retained;
      to.largest = std::max(to.largest, largest);
      // A cut that keeps anything of a chunk keeps its largest magnitude.
      if (retained > 0) to.largest_trimmed = std::max(to.largest_trimmed, largest);
      add_election(m, to);
    }
    for (std::size_t p = 0; p < pair_count_of(inputs.model_count); ++p) {
      const std::uint64_t nonzero = inputs.element_count + padding - pairs[p].any_zero.total();
      const std::uint64_t opposite = pairs[p].opposite.total();
      const std::uint64_t conflicting =
          kCountsFollow<kUnit, kModels> ? conflicts.total() : pairs[p].kept_opposite.total();
      out.pairs[p].same += nonzero - opposite;
      out.pairs[p].opposite += opposite;
      out.pairs[p].same_trimmed += pairs[p].kept.total() - conflicting;
      out.pairs[p].opposite_trimmed += conflicting;
    }
    out.totals.conflicts += conflicts.total();
    out.totals.zero_votes += zero_votes.total();
    out.totals.given_back += given_back.total();
    out.totals.largest_given = std::max(out.totals.largest_given, Vec::largest(largest_given));
  }

 private:
  void add_election(std::size_t m, AnalysisCounts& to) const {
    if constexpr (kCountsFollow<kUnit, kModels>) {
      const std::uint64_t lost = models[0].discarded.total(), by_zero = models[0].discarded_zero_votes.total();
      const std::uint64_t discarded = m == 0 ? lost : conflicts.total() - lost;
      to.in_conflict += conflicts.total();
      to.conflicts_lost += discarded;
      to.discarded += discarded;
      to.zero_votes += zero_votes.total();
      to.discarded_zero_votes += m == 0 ? by_zero : zero_votes.total() - by_zero;
    } else {
      to.in_conflict += models[m].in_conflict.total();
      to.conflicts_lost += models[m].conflicts_lost.total();
      to.discarded += models[m].discarded.total();
      to.zero_votes += models[m].zero_votes.total();
      to.discarded_zero_votes += models[m].discarded_zero_votes.total();
    }
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
    TIESMITH_INLINE Model() {}
  };
  struct Pair {
    Vec::D products = Vec::zero_d(), trimmed_products = Vec::zero_d();
    TIESMITH_INLINE Pair() {}
  };
  Model models[Room::kModelRoom];
  Pair pairs[Room::kPairRoom];
  Vec::D given_back = Vec::zero_d();

  TIESMITH_INLINE AnalysisSums() {}

  void store(const ChunkInputs& inputs, double* out) const {
    store_by(inputs, add_pairwise, out);
  }
  // Of sums of pairs.
  void store_pairs(const ChunkInputs& inputs, double* out) const {
    store_by(inputs, add_pairwise_of_pairs, out);
  }

 private:
  template <class Total>
  void store_by(const ChunkInputs& inputs, Total total, double* out) const {
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      const Model& model = models[m];
      const bool whole = inputs.models[m].trim == TrimKind::Everything;
      *out++ = total(model.magnitudes);
      *out++ = total(model.squares);
      *out++ = total(whole ? model.magnitudes : model.trimmed_magnitudes);
      *out++ = total(whole ? model.squares : model.trimmed_squares);
      *out++ = total(model.discarded);
    }
    for (std::size_t p = 0; p < pair_count_of(inputs.model_count); ++p) {
      *out++ = total(pairs[p].products);
      *out++ = total(pairs[p].trimmed_products);
    }
    *out = total(given_back);
  }
};
