// Drafts of an analysis of two bf16 models whose votes have weight 1, the paper's setting and the usual one. The same
// counts and sums as the general body with brackets, at half its cost: numbers are taken in pairs of vectors, of even and
// of odd places; the election compares magnitudes; masks are stored and counted later. Included inside a set's namespace.

// The election of one vector, of even or of odd places.
struct UnitElection {
  Vec::D tau[2];
  Vec::M kept[2], lost[2], both_kept, given;
};

// Trimmed models as bits; the others keep everything.
template <unsigned kTrimmed, int kPriority>
class UnitAnalysis {
 public:
  static constexpr bool kHasSlack = kPriority >= 0;

  // A slack cut is there if the priority says so.
  UnitAnalysis(const ChunkInputs& inputs, const Cut* slack, const Brackets& brackets)
      : brackets_(inputs, slack, brackets) {}

  // `slot`: the place of the vector's masks in the block.
  TIESMITH_INLINE void look(std::size_t slot, Vec::F base, const Vec::F* theta, UnitElection& vector) {
    Vec::U key[2];
    Vec::M nonzero[2], has_sign[2], undecided = Vec::none();
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      const Vec::F tau = Vec::sub(theta[m], base);
      vector.tau[m] = Vec::widen_aside(tau);
      key[m] = key_of(tau);
      largest_[m] = Vec::max_u(largest_[m], key[m]);
      nonzero[m] = Vec::aside(Vec::is_nonzero(tau));
      nonzero_[m].add(slot, nonzero[m]);
      has_sign[m] = Vec::aside(Vec::has_sign(tau));
      vector.kept[m] = nonzero[m];
      if (((kTrimmed >> m) & 1) == 0) return;
      vector.kept[m] = Vec::aside(Vec::greater_u(key[m], Vec::set_u(brackets_.top[m])));
      const Vec::M reached = Vec::aside(Vec::greater_u(key[m], Vec::set_u(brackets_.below[m])));
      undecided = Vec::either(undecided, Vec::without(reached, vector.kept[m]));
    });
    const Vec::M opposite = Vec::differ(has_sign[0], has_sign[1]);
    const Vec::M both_nonzero = Vec::both(nonzero[0], nonzero[1]);
    both_nonzero_.add(slot, both_nonzero);
    opposite_.add(slot, Vec::both(both_nonzero, opposite));
    // Opposite votes add up to what the larger one has more; a sum of exactly 0 elects +.
    const Vec::M equal = Vec::aside(Vec::equal_u(key[0], key[1]));
    const Vec::M second_larger = Vec::aside(Vec::greater_u(key[1], key[0]));
    const Vec::M second_wins = Vec::either(second_larger, Vec::both(equal, has_sign[0]));
    const Vec::U sum_key = key_of(Vec::sub(Vec::as_float(key[0]), Vec::as_float(key[1])));
    if constexpr (kHasSlack) undecided = Vec::either(undecided, give_back(opposite, second_wins, sum_key, vector));
    elect(slot, undecided, opposite, equal, second_wins, vector);
    if constexpr (kHasSlack)
      largest_given_ = Vec::max_u(largest_given_, Vec::select_u(vector.given, sum_key, Vec::set_u(0)));
    undecided_.put(slot, undecided);
  }

  // The vectors of even and of odd places.
  TIESMITH_INLINE void add(const UnitElection& even, const UnitElection& odd, AnalysisSums<2>& sums) {
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      auto& own = sums.models[m];
      const Vec::D a = Vec::abs_d(even.tau[m]), b = Vec::abs_d(odd.tau[m]);
      own.magnitudes = Vec::add_pair_d(own.magnitudes, a, b);
      own.squares = Vec::add_product_pair_d(own.squares, a, a, b, b);
      own.discarded = Vec::add_pair_d(own.discarded, even.lost[m], odd.lost[m], a, b);
      if constexpr (kHasSlack) {
        if (m == kPriority) sums.given_back = Vec::add_pair_d(sums.given_back, even.given, odd.given, a, b);
      }
      if (((kTrimmed >> m) & 1) == 0) return;
      own.trimmed_magnitudes = Vec::add_pair_d(own.trimmed_magnitudes, even.kept[m], odd.kept[m], a, b);
      own.trimmed_squares = Vec::add_product_pair_d(own.trimmed_squares, even.kept[m], odd.kept[m], a, a, b, b);
    });
    auto& pair = sums.pairs[0];
    pair.products = Vec::add_product_pair_d(pair.products, even.tau[0], even.tau[1], odd.tau[0], odd.tau[1]);
    pair.trimmed_products = Vec::add_product_pair_d(pair.trimmed_products, multiplied(even), multiplied(odd), even.tau[0],
                                                    even.tau[1], odd.tau[0], odd.tau[1]);
  }

  bool is_finite() const { return Vec::largest(Vec::max_u(largest_[0], largest_[1])) <= 0x7f7fffffu; }

  // `slots`: vectors in the block that begins at element `first`.
  void end_block(std::size_t slots, std::size_t first, const UndecidedSink& sink) {
    for (MaskCounter* counter : {&nonzero_[0], &nonzero_[1], &retained_[0], &retained_[1], &both_nonzero_, &opposite_,
                                  &both_kept_, &conflicts_, &zero_votes_, &lost_, &lost_by_zero_})
      counter->end_block(slots);
    if constexpr (kHasSlack) given_back_.end_block(slots);
    list_undecided_pairs(undecided_, slots, first, sink);
  }

  void add_to(const ChunkInputs& inputs, Analysis& out) const {
    const std::uint64_t conflicts = conflicts_.total(), zero_votes = zero_votes_.total();
    // Both take part in every conflict, one of them loses it, and votes that add up to 0 are a conflict.
    const std::uint64_t lost[] = {lost_.total(), conflicts - lost_.total()};
    const std::uint64_t lost_by_zero[] = {lost_by_zero_.total(), zero_votes - lost_by_zero_.total()};
    for (std::size_t m = 0; m < 2; ++m) {
      AnalysisCounts& to = out.models[m];
      const std::uint32_t largest = Vec::largest(largest_[m]);
      const std::uint64_t retained = retained_[m].total();
      to.zero += inputs.element_count - nonzero_[m].total();
      to.retained += retained;
      to.in_conflict += conflicts;
      to.conflicts_lost += lost[m];
      to.zero_votes += zero_votes;
      to.discarded += lost[m];
      to.discarded_zero_votes += lost_by_zero[m];
      to.largest = std::max(to.largest, largest);
      if (retained > 0) to.largest_trimmed = std::max(to.largest_trimmed, largest);
    }
    const std::uint64_t opposite = opposite_.total();
    out.pairs[0].same += both_nonzero_.total() - opposite;
    out.pairs[0].opposite += opposite;
    out.pairs[0].same_trimmed += both_kept_.total() - conflicts;
    out.pairs[0].opposite_trimmed += conflicts;
    out.totals.conflicts += conflicts;
    out.totals.zero_votes += zero_votes;
    out.totals.given_back += given_back_.total();
    out.totals.largest_given = std::max(out.totals.largest_given, Vec::largest(largest_given_));
  }

 private:
  // Where both are kept: of one that is not trimmed, what is not kept is 0 or undecided, and so adds nothing or is not kept of the
  // other either. A mask less.
  TIESMITH_INLINE static Vec::M multiplied(const UnitElection& vector) {
    if (kTrimmed == 1) return vector.kept[0];
    if (kTrimmed == 2) return vector.kept[1];
    return vector.both_kept;
  }

  // Gives what the slack cut leaves undecided.
  TIESMITH_INLINE Vec::M give_back(Vec::M opposite, Vec::M second_wins, Vec::U sum_key, UnitElection& vector) {
    const Vec::M conflict = Vec::both(Vec::both(vector.kept[0], vector.kept[1]), opposite);
    const Vec::M lost = kPriority == 0 ? Vec::both(conflict, second_wins) : Vec::without(conflict, second_wins);
    vector.given = Vec::both(lost, Vec::aside(Vec::greater_u(Vec::set_u(brackets_.given_below), sum_key)));
    const Vec::M out = Vec::aside(Vec::greater_u(sum_key, Vec::set_u(brackets_.undecided_up_to)));
    return Vec::without(Vec::without(lost, vector.given), out);
  }

  // An undecided element is nobody's: left out of all that depends on a cut.
  TIESMITH_INLINE void elect(std::size_t slot, Vec::M undecided, Vec::M opposite, Vec::M equal, Vec::M second_wins,
                             UnitElection& vector) {
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      vector.kept[m] = Vec::without(vector.kept[m], undecided);
      retained_[m].add(slot, vector.kept[m]);
    });
    vector.both_kept = Vec::both(vector.kept[0], vector.kept[1]);
    const Vec::M conflict = Vec::both(vector.both_kept, opposite);
    const Vec::M zero_vote = Vec::both(conflict, equal);
    vector.lost[0] = Vec::both(conflict, second_wins);
    vector.lost[1] = Vec::without(conflict, vector.lost[0]);
    both_kept_.add(slot, vector.both_kept);
    conflicts_.add(slot, conflict);
    zero_votes_.add(slot, zero_vote);
    lost_.add(slot, vector.lost[0]);
    lost_by_zero_.add(slot, Vec::both(vector.lost[0], zero_vote));
    if constexpr (kHasSlack) {
      vector.given = Vec::without(vector.given, undecided);
      given_back_.add(slot, vector.given);
    }
  }

  UnitBrackets<2> brackets_;
  Vec::U largest_[2] = {Vec::set_u(0), Vec::set_u(0)}, largest_given_ = Vec::set_u(0);
  MaskCounter nonzero_[2], retained_[2], both_nonzero_, opposite_, both_kept_;
  MaskCounter conflicts_, zero_votes_, lost_, lost_by_zero_, given_back_;
  MaskLog undecided_;
};

// Analyses kPairElements elements from `i` on, whose masks have the places from `slot` on.
template <class Draft>
static TIESMITH_INLINE void analyse_pair(Draft& draft, const Sources<2>& from, std::size_t i, std::size_t slot,
                                         AnalysisSums<2>& sums) {
  Vec::F base[2], theta[2][2];
  load_pair(from.base, i, base);
  for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) { load_pair(from.models[m], i, theta[m]); });
  const Vec::F even[2] = {theta[0][0], theta[1][0]}, odd[2] = {theta[0][1], theta[1][1]};
  UnitElection at_even, at_odd;
  draft.look(slot, base[0], even, at_even);
  draft.look(slot + 1, base[1], odd, at_odd);
  draft.add(at_even, at_odd, sums);
}

template <unsigned kTrimmed, int kPriority>
static Outcome draft_unit_analysis_with(const ChunkInputs& inputs, const Cut* slack, const Brackets& brackets,
                                        const UndecidedSink& sink, Analysis& out) {
  UnitAnalysis<kTrimmed, kPriority> draft(inputs, slack, brackets);
  const Sources<2> sources(inputs);
  double* block_sums = out.block_sums;
  std::size_t next_octaves = out.octave_first * kBlockElements;
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t rest = count % kPairElements, whole = first + count - rest;
    AnalysisSums<2> sums;
    std::size_t slot = 0;
    for (std::size_t i = first; i < whole; i += kPairElements, slot += 2) analyse_pair(draft, sources, i, slot, sums);
    if (rest != 0) {
      const PaddedInputs tail(inputs, whole, rest);
      analyse_pair(draft, Sources<2>(tail.inputs), 0, slot, sums);
      slot += 2;
    }
    if (!draft.is_finite()) return find_not_finite(inputs, first, count);
    draft.end_block(slot, first, sink);
    // A copy, so that the sums themselves have no address and stay in registers.
    AnalysisSums<2>(sums).store_pairs(inputs, block_sums);
    block_sums += analysis_sums(2);
    if (first != next_octaves) continue;
    next_octaves += out.octave_stride * kBlockElements;
    count_octaves<UniformLoader<Dtype::BF16>>(inputs, first, count, out.octaves);
  }
  draft.add_to(inputs, out);
  return {Status::Ok, 0, 0};
}

static bool has_unit_analysis(const ChunkInputs& inputs, const Election& election) {
  return inputs.model_count == 2 && has_unit_weights(inputs, election) &&
         inputs.models[0].trim != TrimKind::Nothing && inputs.models[1].trim != TrimKind::Nothing &&
         all_stored_as(Dtype::BF16, inputs.base, inputs.models, 2);
}

static Outcome draft_unit_analysis(const ChunkInputs& inputs, const Election& election, const Cut* slack,
                                   const Brackets& brackets, const UndecidedSink& sink, Analysis& out) {
  return with_trimmed(inputs, [&](auto trimmed) {
    return with_priority<2>(slack != nullptr ? election.priority : -1, [&](auto priority) {
      return draft_unit_analysis_with<decltype(trimmed)::value, decltype(priority)::value>(inputs, slack, brackets, sink, out);
    });
  });
}
