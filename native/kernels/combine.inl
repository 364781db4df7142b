// The fused pass: widen, subtract, trim, elect, merge, scale, add, round once, store.
// Every operation rounds once, in the order of docs/architecture.md. Included inside a set's namespace.

template <class Real, class Loader, std::size_t kModels>
static Outcome combine_linear_with(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                                   CombineCounts& counts) {
  const Factors<Real, kModels> factors(inputs, combination);
  const bool divides = combination.normalize && factors.weight_sum != 1;
  return for_each_block<kModels>(
      inputs, output, counts, NothingUndecided{},
      [&](const Sources<kModels>& from, std::size_t i, Vec::U& largest_key) __attribute__((always_inline)) {
        typename Real::Lanes sum = Real::set(0);
        for_each_model<kModels>(inputs.model_count, [&](std::size_t m) __attribute__((always_inline)) {
          const Vec::F theta = Loader::load(from.models[m], i);
          largest_key = Vec::max_u(largest_key, key_of(theta));
          const typename Real::Lanes weighted = Real::mul(Real::from(theta), Real::set(factors.weight[m]));
          sum = m == 0 ? weighted : Real::add(sum, weighted);
        });
        return Real::round(divides ? Real::div(sum, Real::set(factors.weight_sum)) : sum);
      });
}

template <class Real, class Loader, std::size_t kModels>
static Outcome combine_task_with(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                                 ModelCounts* per_model, CombineCounts& counts) {
  const Factors<Real, kModels> factors(inputs, combination);
  const bool divides = combination.normalize && factors.weight_sum != 1;
  Vec::Counter nonzero[Votes<kModels>::kRoom];
  const Outcome outcome = for_each_block<kModels>(
      inputs, output, counts, NothingUndecided{},
      [&](const Sources<kModels>& from, std::size_t i, Vec::U& largest_key) __attribute__((always_inline)) {
        const Vec::F base = Loader::load(from.base, i);
        typename Real::Lanes sum = Real::set(0);
        for_each_model<kModels>(inputs.model_count, [&](std::size_t m) __attribute__((always_inline)) {
          const Vec::F tau = Vec::sub(Loader::load(from.models[m], i), base);
          largest_key = Vec::max_u(largest_key, key_of(tau));
          nonzero[m].add(is_nonzero(tau));
          sum = Real::add(sum, Real::mul(Real::from(tau), Real::set(factors.weight[m])));
        });
        if (divides) sum = Real::div(sum, Real::set(factors.weight_sum));
        return Real::round(Real::add(Real::mul(sum, Real::set(factors.lambda)), Real::from(base)));
      });
  for (std::size_t m = 0; m < inputs.model_count; ++m) {
    per_model[m].retained = nonzero[m].total();
    per_model[m].zero = inputs.element_count - per_model[m].retained;
  }
  return outcome;
}

// Counts of a chunk while it is combined.
template <std::size_t kModels>
struct RunningCounts {
  Vec::Counter zero[Votes<kModels>::kRoom], retained[Votes<kModels>::kRoom];
  Vec::Counter in_conflict[Votes<kModels>::kRoom], discarded[Votes<kModels>::kRoom];
  Vec::Counter conflicts, given_back;

  // `padding`: elements past the end of the chunk, which counted as zeros.
  void add_to(std::size_t model_count, std::size_t padding, ModelCounts* per_model, CombineCounts& counts) const {
    for (std::size_t m = 0; m < model_count; ++m)
      per_model[m] = {zero[m].total() - padding, retained[m].total(), in_conflict[m].total(), discarded[m].total()};
    counts.conflicts += conflicts.total();
    counts.given_back += given_back.total();
  }
};

// Counts what the cuts decide of one vector, before slack changes the election.
template <class Cuts, std::size_t kModels>
static TIESMITH_INLINE void count_votes(const Cuts& cuts, const Votes<kModels>& votes, std::size_t model_count,
                                        RunningCounts<kModels>& counts) {
  Vec::M any_positive = Vec::none(), any_negative = Vec::none();
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    any_positive = Vec::either(any_positive, is_positive(votes.trimmed[m]));
    any_negative = Vec::either(any_negative, is_negative(votes.trimmed[m]));
  });
  const Vec::M conflict = Vec::both(any_positive, any_negative);
  counts.conflicts.add(cuts.decided(conflict));
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    const Vec::M nonzero = cuts.decided(is_nonzero(votes.trimmed[m]));
    counts.zero[m].add(cuts.decided(votes.zero[m]));
    counts.retained[m].add(nonzero);
    counts.in_conflict[m].add(Vec::both(nonzero, conflict));
    counts.discarded[m].add(cuts.decided(discarded(votes, votes.trimmed[m], votes.vote[m])));
  });
}

// Which of the priority model's losses the slack cut selects.
template <class SlackSelector, std::size_t kModels>
static TIESMITH_INLINE Vec::M select_losses(SlackSelector& slack, const Votes<kModels>& votes) {
  const Vec::M lost = priority_losses(votes);
  return Vec::both(lost, slack.select(key_of_loss(lost, votes.sum)));
}

// Turns the election to the priority model.
template <std::size_t kModels>
static TIESMITH_INLINE void give_back(Vec::M given, Votes<kModels>& votes) {
  const Vec::F vote = votes.priority_vote;
  votes.positive = Vec::either(Vec::without(votes.positive, given), Vec::both(given, is_positive(vote)));
  votes.negative = Vec::either(Vec::without(votes.negative, given), Vec::both(given, is_negative(vote)));
}

// Whether every sum of some of the weights is 0 or a power of two (and its reciprocal a normal number): then
// multiplying by the reciprocal gives the same bits as dividing, at a fraction of the cost. True for the
// usual weights, 1 and 1.
static bool has_exact_reciprocals(const ChunkInputs& inputs) {
  if (inputs.model_count > 8) return false;
  for (std::size_t subset = 0; subset < (std::size_t{1} << inputs.model_count); ++subset) {
    float sum = 0;
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      if ((subset >> m) & 1) sum += static_cast<float>(inputs.models[m].weight);
    const auto bits = std::bit_cast<std::uint32_t>(sum);
    const std::uint32_t exponent = (bits >> 23) & 0xff;
    if (sum != 0 && ((bits & 0x7fffffu) != 0 || exponent < 1 || exponent > 253)) return false;
  }
  return true;
}

static TIESMITH_INLINE Vec::F power_of_two_reciprocal(Vec::F x) {
  return Vec::as_float(Vec::sub_u(Vec::set_u(0x7f000000u), Vec::bits(x)));
}

// The (weighted) mean, or sum, of the trimmed task vectors that agree with the elected sign.
template <class Real, std::size_t kModels>
static TIESMITH_INLINE typename Real::Lanes disjoint_merge(const Factors<Real, kModels>& factors,
                                                           const Votes<kModels>& votes, std::size_t model_count,
                                                           bool normalize, bool exact_reciprocals) {
  typename Real::Lanes sum = Real::set(0), divisor = Real::set(0);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    const typename Real::Lanes weight = Real::set(factors.weight[m]);
    const typename Real::Lanes rescaled = Real::mul(Real::from(votes.trimmed[m]), Real::set(factors.rescale[m]));
    const Vec::M agreeing = agrees(votes, votes.vote[m]);
    sum = Real::add(sum, Real::keep(agreeing, Real::mul(rescaled, weight)));
    divisor = Real::add(divisor, Real::keep(agreeing, weight));
  });
  if (!normalize) return sum;
  divisor = Real::one_for_zero(divisor);
  if constexpr (std::is_same_v<Real, SinglePrecision>) {
    if (exact_reciprocals) return Vec::mul(sum, power_of_two_reciprocal(divisor));
  }
  return Real::div(sum, divisor);
}

template <class Real, class Loader, std::size_t kModels, class Cuts, class Undecided>
static Outcome combine_ties_with(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                                 const Output& output, Cuts cuts, Undecided undecided, ModelCounts* per_model,
                                 CombineCounts& counts) {
  const Factors<Real, kModels> factors(inputs, combination);
  const VoteFactors<kModels> vote_factors(inputs);
  const bool exact_reciprocals = has_exact_reciprocals(inputs);
  RunningCounts<kModels> running;
  const Outcome outcome = for_each_block<kModels>(
      inputs, output, counts, undecided,
      [&](const Sources<kModels>& from, std::size_t i, Vec::U& largest_key) __attribute__((always_inline)) {
        Votes<kModels> votes;
        cast_votes<Loader, kModels>(from, inputs.model_count, election.priority, vote_factors, cuts.trims, i,
                                    largest_key, votes);
        elect(election, votes);
        const Vec::M given = combination.has_slack ? select_losses(cuts.slack, votes) : Vec::none();
        cuts.look(inputs.model_count);
        count_votes(cuts, votes, inputs.model_count, running);
        if (combination.has_slack) {
          running.given_back.add(cuts.decided(given));
          give_back(given, votes);
        }
        undecided.add([&]() __attribute__((always_inline)) { return cuts.undecided(); });
        const typename Real::Lanes merged = disjoint_merge<Real, kModels>(
            factors, votes, inputs.model_count, combination.normalize, exact_reciprocals);
        const typename Real::Lanes scaled = Real::mul(merged, Real::set(factors.lambda));
        return Real::round(Real::add(scaled, Real::from(votes.base)));
      });
  const std::size_t padding = (kLanes - inputs.element_count % kLanes) % kLanes;
  running.add_to(inputs.model_count, padding, per_model, counts);
  return outcome;
}

// Calls body with precision, loader and number of models as types.
template <class Body>
static Outcome specialised(const ChunkInputs& inputs, Dtype output, Body body) {
  Outcome outcome{Status::Ok, 0, 0};
  if (output == Dtype::F32) {
    // Bound by memory sooner than by its instructions: one body for all.
    outcome = body(DoublePrecision{}, MixedLoader{}, std::integral_constant<std::size_t, 0>{});
    return outcome;
  }
  with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
    with_model_count(inputs.model_count, [&](auto models) { outcome = body(SinglePrecision{}, loader, models); });
  });
  return outcome;
}

static Outcome combine_linear(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                              CombineCounts& counts) noexcept {
  const ChunkInputs without_base{nullptr, inputs.models, inputs.model_count, inputs.element_count};
  return specialised(without_base, output.dtype, [&](auto precision, auto loader, auto models) {
    return combine_linear_with<decltype(precision), decltype(loader), decltype(models)::value>(
        without_base, combination, output, counts);
  });
}

static Outcome combine_task(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                            ModelCounts* per_model, CombineCounts& counts) noexcept {
  return specialised(inputs, output.dtype, [&](auto precision, auto loader, auto models) {
    return combine_task_with<decltype(precision), decltype(loader), decltype(models)::value>(
        inputs, combination, output, per_model, counts);
  });
}
