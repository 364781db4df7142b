// Drafts of two models with weights of 1. Included inside a set's namespace.

// Of two numbers that are opposite the election takes one, and of two that agree their mean: so that no sum is made of
// masked numbers, and most masks are made under another one. `kTrimmed`: which of the models are trimmed by a bracket, as
// bits; the other keeps everything.
template <unsigned kTrimmed, int kPriority>
class DraftOfTwo {
 public:
  static constexpr std::size_t kModels = 2;
  static constexpr bool kHasSlack = kPriority >= 0;

  DraftOfTwo(const ChunkInputs& inputs, const Combination& combination, const Brackets& brackets)
      : brackets_(inputs, kHasSlack ? &combination.slack : nullptr, brackets), mean_(combination) {}

  // `slot`: the place of the first vector's masks in the block.
  TIESMITH_INLINE void merge_pair(std::size_t slot, const Vec::F* base, const Vec::F (*theta)[2], Vec::F* merged,
                                  Vec::U& largest_sum) {
    for (std::size_t p = 0; p < 2; ++p) {
      const Vec::F numbers[2] = {theta[0][p], theta[1][p]};
      merged[p] = merge(slot + p, base[p], numbers, largest_sum);
    }
  }

  TIESMITH_INLINE Vec::F merge(std::size_t slot, Vec::F base, const Vec::F* theta, Vec::U& largest_sum) {
    Vec::F tau[2];
    Vec::M kept[2], nonzero[2], undecided = Vec::none();
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      tau[m] = Vec::sub(theta[m], base);
      nonzero[m] = Vec::is_nonzero(tau[m]);
      kept[m] = nonzero[m];
      if (!is_trimmed(m)) return;
      const Vec::U key = key_of(tau[m]);
      kept[m] = Vec::greater_u(key, Vec::set_u(brackets_.top[m]));
      const Vec::M reached = Vec::greater_u(key, Vec::set_u(brackets_.below[m]));
      undecided = Vec::either(undecided, Vec::without(reached, kept[m]));
    });
    // May be -0 where nothing is kept, which no mask below and no result tells from +0.
    const Vec::F first = is_trimmed(0) ? Vec::keep(kept[0], tau[0]) : tau[0];
    const Vec::F sum = is_trimmed(1) ? Vec::add_where(kept[1], first, tau[1]) : Vec::add(first, tau[1]);
    const Vec::U sum_key = key_of(sum);
    largest_sum = Vec::max_u(largest_sum, sum_key);
    Vec::M lost[2];
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      lost[m] = Vec::signed_where(kept[m], Vec::xor_f(tau[m], sum));
    });
    Vec::M takes_second = Vec::without(kept[1], lost[1]), lost_for_good = Vec::none();
    if constexpr (kHasSlack) {
      lost_for_good = Vec::at_least_where(lost[kPriority], sum_key, Vec::set_u(brackets_.given_below));
      const Vec::M in_bracket = Vec::at_least_where(lost_for_good, Vec::set_u(brackets_.undecided_up_to), sum_key);
      undecided = Vec::either(undecided, in_bracket);
      takes_second = kPriority == 1 ? Vec::without(kept[1], lost_for_good)
                                    : Vec::without(takes_second, Vec::without(lost[0], lost_for_good));
    }
    count(slot, nonzero, kept, lost, lost_for_good, undecided);
    return mean_.merge(base, kept, tau, first, sum, takes_second);
  }

  // `slots`: vectors in the block that begins at element `first`.
  void end_block(std::size_t slots, std::size_t first, const UndecidedSink& sink) {
    undecided_.pad(slots);
    for (std::size_t m = 0; m < 2; ++m) {
      if (is_trimmed(m)) nonzero_[m].end_block(slots, undecided_);
      retained_[m].end_block(slots, undecided_);
      discarded_[m].end_block(slots, undecided_);
    }
    if constexpr (kHasSlack) lost_for_good_.end_block(slots, undecided_);
    undecided_count_ += list_undecided_pairs(undecided_, slots, first, sink);
  }

  void totals(std::size_t element_count, ModelCounts* per_model, CombineCounts& counts) const {
    const std::uint64_t decided = element_count - undecided_count_;
    // Both models take part in every conflict, and one of them loses it.
    const std::uint64_t conflicts = discarded_[0].total() + discarded_[1].total();
    for (std::size_t m = 0; m < 2; ++m) {
      const std::uint64_t retained = retained_[m].total(), nonzero = is_trimmed(m) ? nonzero_[m].total() : retained;
      per_model[m] = {decided - nonzero, retained, conflicts, discarded_[m].total()};
    }
    counts.conflicts += conflicts;
    if constexpr (kHasSlack) counts.given_back += discarded_[kPriority].total() - lost_for_good_.total();
  }

 private:
  static constexpr bool is_trimmed(std::size_t m) { return ((kTrimmed >> m) & 1) != 0; }

  TIESMITH_INLINE void count(std::size_t slot, const Vec::M* nonzero, const Vec::M* kept, const Vec::M* lost,
                             Vec::M lost_for_good, Vec::M undecided) {
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      if (is_trimmed(m)) nonzero_[m].add_decided(slot, nonzero[m], undecided);
      retained_[m].add_decided(slot, kept[m], undecided);
      discarded_[m].add_decided(slot, lost[m], undecided);
    });
    if constexpr (kHasSlack) lost_for_good_.add_decided(slot, lost_for_good, undecided);
    undecided_.put(slot, undecided);
  }

  UnitBrackets<2> brackets_;
  MeanOfTwo mean_;
  MaskCounter nonzero_[2], retained_[2], discarded_[2], lost_for_good_;
  MaskLog undecided_;
  std::uint64_t undecided_count_ = 0;
};
