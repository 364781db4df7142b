// Exact combinations of two models with weights of 1. Included inside a set's namespace.

// As DraftOfTwo, with cuts that decide everything. Ties are spread in index order, so that even and odd places are
// looked at together.
template <int kPriority>
class ExactTwo {
 public:
  static constexpr std::size_t kModels = 2;
  static constexpr bool kHasSlack = kPriority >= 0;

  ExactTwo(const ChunkInputs& inputs, const Combination& combination)
      : trims_(inputs), slack_(kHasSlack ? TrimKind::ByCut : TrimKind::Nothing, combination.slack),
        mean_(combination) {}

  TIESMITH_INLINE void merge_pair(std::size_t slot, const Vec::F* base, const Vec::F (*theta)[2], Vec::F* merged,
                                  Vec::U& largest_sum) {
    Vec::F tau[2][2], sum[2];  // by model, and by place
    Vec::M kept[2][2];
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      Vec::U key[2];
      for_each_place([&](std::size_t p) __attribute__((always_inline)) {
        tau[m][p] = Vec::sub(theta[m][p], base[p]);
        key[p] = key_of(tau[m][p]);
        nonzero_[m].add(slot + p, Vec::is_nonzero(tau[m][p]));
      });
      trims_.selectors[m].select_pair(key, kept[m]);
    });
    Vec::M lost[2][2], takes_second[2];
    Vec::F first[2];
    for_each_place([&](std::size_t p) __attribute__((always_inline)) {
      first[p] = Vec::keep(kept[0][p], tau[0][p]);
      sum[p] = Vec::add_where(kept[1][p], first[p], tau[1][p]);
      largest_sum = Vec::max_u(largest_sum, key_of(sum[p]));
      for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
        lost[m][p] = Vec::signed_where(kept[m][p], Vec::xor_f(tau[m][p], sum[p]));
        retained_[m].add(slot + p, kept[m][p]);
        discarded_[m].add(slot + p, lost[m][p]);
      });
      takes_second[p] = Vec::without(kept[1][p], lost[1][p]);
    });
    if constexpr (kHasSlack) give_back(slot, lost[kPriority], sum, takes_second);
    for_each_place([&](std::size_t p) __attribute__((always_inline)) {
      const Vec::M both_kept[2] = {kept[0][p], kept[1][p]};
      const Vec::F numbers[2] = {tau[0][p], tau[1][p]};
      merged[p] = mean_.merge(base[p], both_kept, numbers, first[p], sum[p], takes_second[p]);
    });
  }

  void end_block(std::size_t slots, std::size_t, const UndecidedSink&) {
    for (std::size_t m = 0; m < 2; ++m)
      for (MaskCounter* counter : {&nonzero_[m], &retained_[m], &discarded_[m]}) counter->end_block(slots);
    if constexpr (kHasSlack) given_back_.end_block(slots);
  }

  void totals(std::size_t element_count, ModelCounts* per_model, CombineCounts& counts) const {
    // Both models take part in every conflict, and one of them loses it.
    const std::uint64_t conflicts = discarded_[0].total() + discarded_[1].total();
    for (std::size_t m = 0; m < 2; ++m)
      per_model[m] = {element_count - nonzero_[m].total(), retained_[m].total(), conflicts, discarded_[m].total()};
    counts.conflicts += conflicts;
    counts.given_back += given_back_.total();
  }

 private:
  template <class Body>
  static TIESMITH_INLINE void for_each_place(Body body) {
    body(0);
    body(1);
  }

  // The priority model's number is taken where it gets back what it lost.
  TIESMITH_INLINE void give_back(std::size_t slot, const Vec::M* lost, const Vec::F* sum, Vec::M* takes_second) {
    const Vec::U losses[2] = {key_of_loss(lost[0], sum[0]), key_of_loss(lost[1], sum[1])};
    Vec::M given[2];
    slack_.select_pair(losses, given);
    for_each_place([&](std::size_t p) __attribute__((always_inline)) {
      given_back_.add(slot + p, given[p]);
      takes_second[p] =
          kPriority == 1 ? Vec::either(takes_second[p], given[p]) : Vec::without(takes_second[p], given[p]);
    });
  }

  ExactTrims<2> trims_;
  Selector slack_;
  MeanOfTwo mean_;
  MaskCounter nonzero_[2], retained_[2], discarded_[2], given_back_;
};
