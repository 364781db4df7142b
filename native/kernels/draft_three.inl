// Drafts of three models with weights of 1. Included inside a set's namespace.

// One body for all trims: brackets of what is not trimmed hold nothing.
template <int kPriority>
class DraftOfThree {
 public:
  static constexpr std::size_t kModels = 3;
  static constexpr bool kHasSlack = kPriority >= 0;

  DraftOfThree(const ChunkInputs& inputs, const Combination& combination, const Brackets& brackets)
      : brackets_(inputs, kHasSlack ? &combination.slack : nullptr, brackets),
        lambda_(static_cast<float>(combination.lambda)), normalize_(combination.normalize) {}

  // `slot`: the place of the first vector's masks in the block.
  TIESMITH_INLINE void merge_pair(std::size_t slot, const Vec::F* base, const Vec::F (*theta)[2], Vec::F* merged,
                                  Vec::U& largest_sum) {
    for (std::size_t p = 0; p < 2; ++p) {
      const Vec::F numbers[3] = {theta[0][p], theta[1][p], theta[2][p]};
      merged[p] = merge(slot + p, base[p], numbers, largest_sum);
    }
  }

  TIESMITH_INLINE Vec::F merge(std::size_t slot, Vec::F base, const Vec::F* theta, Vec::U& largest_sum) {
    Vec::F tau[3];
    Vec::M kept[3], nonzero[3], against[3], lost[3], undecided = Vec::none();
    Vec::F sum = Vec::set(0.0f);
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) {
      tau[m] = Vec::sub(theta[m], base);
      const Vec::U key = key_of(tau[m]);
      nonzero[m] = Vec::is_nonzero(tau[m]);
      kept[m] = Vec::greater_u(key, Vec::set_u(brackets_.top[m]));
      const Vec::M reached = Vec::greater_u(key, Vec::set_u(brackets_.below[m]));
      undecided = Vec::either(undecided, Vec::without(reached, kept[m]));
      sum = m == 0 ? Vec::keep(kept[m], tau[m]) : Vec::add_where(kept[m], sum, tau[m]);
    });
    const Vec::U sum_key = key_of(sum);
    largest_sum = Vec::max_u(largest_sum, sum_key);
    const Vec::M elects_minus = is_negative(sum);
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) {
      against[m] = Vec::differ(Vec::has_sign(tau[m]), elects_minus);
      lost[m] = Vec::both(kept[m], against[m]);
    });
    if constexpr (kHasSlack) undecided = Vec::either(undecided, give_back(slot, lost[kPriority], sum_key, undecided, against));
    count(slot, tau, nonzero, kept, lost, undecided);
    return Vec::add(Vec::mul(mean(tau, kept, against), Vec::set(lambda_)), base);
  }

  // `slots`: vectors in the block that begins at element `first`.
  void end_block(std::size_t slots, std::size_t first, const UndecidedSink& sink) {
    undecided_.pad(slots);
    for (std::size_t m = 0; m < 3; ++m)
      for (MaskCounter* counter : {&nonzero_[m], &retained_[m], &discarded_[m], &in_conflict_[m]})
        counter->end_block(slots, undecided_);
    conflicts_.end_block(slots, undecided_);
    if constexpr (kHasSlack) given_back_.end_block(slots, undecided_);
    undecided_count_ += list_undecided_pairs(undecided_, slots, first, sink);
  }

  void totals(std::size_t element_count, ModelCounts* per_model, CombineCounts& counts) const {
    const std::uint64_t decided = element_count - undecided_count_;
    for (std::size_t m = 0; m < 3; ++m)
      per_model[m] = {decided - nonzero_[m].total(), retained_[m].total(), in_conflict_[m].total(), discarded_[m].total()};
    counts.conflicts += conflicts_.total();
    counts.given_back += given_back_.total();
  }

 private:
  // Where the priority model lost, its sign is the other one. Gives what is in the bracket.
  TIESMITH_INLINE Vec::M give_back(std::size_t slot, Vec::M lost, Vec::U sum_key, Vec::M undecided, Vec::M* against) {
    const Vec::M lost_for_good = Vec::at_least_where(lost, sum_key, Vec::set_u(brackets_.given_below));
    const Vec::M given = Vec::without(lost, lost_for_good);
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) { against[m] = Vec::differ(against[m], given); });
    given_back_.add_decided(slot, given, undecided);  // what is given is not in the bracket
    return Vec::at_least_where(lost_for_good, Vec::set_u(brackets_.undecided_up_to), sum_key);
  }

  TIESMITH_INLINE void count(std::size_t slot, const Vec::F* tau, const Vec::M* nonzero, const Vec::M* kept,
                             const Vec::M* lost, Vec::M undecided) {
    Vec::M any_positive = Vec::none(), any_negative = Vec::none();
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) {
      any_positive = Vec::either(any_positive, Vec::unsigned_where(kept[m], tau[m]));
      any_negative = Vec::either(any_negative, Vec::signed_where(kept[m], tau[m]));
    });
    const Vec::M conflict = Vec::both(any_positive, any_negative);
    conflicts_.add_decided(slot, conflict, undecided);
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) {
      nonzero_[m].add_decided(slot, nonzero[m], undecided);
      retained_[m].add_decided(slot, kept[m], undecided);
      discarded_[m].add_decided(slot, lost[m], undecided);
      in_conflict_[m].add_decided(slot, Vec::both(kept[m], conflict), undecided);
    });
    undecided_.put(slot, undecided);
  }

  // The mean, or sum, of the task vectors that are kept and not against the elected sign.
  TIESMITH_INLINE Vec::F mean(const Vec::F* tau, const Vec::M* kept, const Vec::M* against) const {
    Vec::F sum = Vec::set(0.0f), divisor = Vec::set(0.0f);
    for_each_model<3>(3, [&](std::size_t m) __attribute__((always_inline)) {
      const Vec::M agreeing = Vec::without(kept[m], against[m]);
      sum = m == 0 ? Vec::keep(agreeing, tau[m]) : Vec::add_where(agreeing, sum, tau[m]);
      divisor = Vec::add_where(agreeing, divisor, Vec::set(1.0f));
    });
    if (!normalize_) return sum;
    return Vec::div(sum, SinglePrecision::one_for_zero(divisor));
  }

  UnitBrackets<3> brackets_;
  float lambda_;
  bool normalize_;
  MaskCounter nonzero_[3], retained_[3], discarded_[3], in_conflict_[3];
  MaskCounter conflicts_, given_back_;
  MaskLog undecided_;
  std::uint64_t undecided_count_ = 0;
};
