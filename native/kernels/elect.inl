// Trim, vote and election of one vector of parameters: what measuring slack and combining share.
// Included inside a set's namespace.

// kModels > 0 fixes the number of models at compile time, which keeps their lanes in registers.
template <std::size_t kModels>
struct Votes {
  static constexpr std::size_t kRoom = kModelRoom<kModels>;
  Vec::F trimmed[kRoom];  // not rescaled
  Vec::F vote[kRoom];
  Vec::M zero[kRoom];     // elements whose task vector is exactly zero
  Vec::F priority_trimmed, priority_vote;
  Vec::F base;
  Vec::F sum;             // s = sum of the votes, in recipe order, from +0
  Vec::M positive, negative;  // the elected sign
};

// What turns trimmed task vectors into votes, as f32.
template <std::size_t kModels>
struct VoteFactors {
  float rescale[Votes<kModels>::kRoom];
  float vote_weight[Votes<kModels>::kRoom];

  explicit VoteFactors(const ChunkInputs& inputs) {
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      rescale[m] = static_cast<float>(inputs.models[m].rescale);
      vote_weight[m] = inputs.models[m].vote_weight;
    }
  }
};

// `largest_tau` collects the largest key of the task vectors: it tells NaN and Inf of base and models alike.
template <class Loader, std::size_t kModels, class Trims>
static TIESMITH_INLINE void cast_votes(const Sources<kModels>& from, std::size_t model_count, int priority,
                                       const VoteFactors<kModels>& factors, Trims& trims, std::size_t i,
                                       Vec::U& largest_tau, Votes<kModels>& votes) {
  votes.base = Loader::load(from.base, i);
  votes.sum = votes.priority_trimmed = votes.priority_vote = Vec::set(0.0f);
  for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
    const Vec::F tau = Vec::sub(Loader::load(from.models[m], i), votes.base);
    const Vec::U key = key_of(tau);
    largest_tau = Vec::max_u(largest_tau, key);
    votes.zero[m] = Vec::equal_u(key, Vec::set_u(0));
    votes.trimmed[m] = Vec::keep(trims.select(m, key), tau);
    const Vec::F rescaled = Vec::mul(votes.trimmed[m], Vec::set(factors.rescale[m]));
    votes.vote[m] = Vec::mul(rescaled, Vec::set(factors.vote_weight[m]));
    votes.sum = Vec::add(votes.sum, votes.vote[m]);
    // Not looked up by index later: arrays that are indexed at run time cannot live in registers.
    if (static_cast<int>(m) == priority) {
      votes.priority_trimmed = votes.trimmed[m];
      votes.priority_vote = votes.vote[m];
    }
  });
}

static TIESMITH_INLINE Vec::M is_positive(Vec::F x) { return Vec::less(Vec::set(0.0f), x); }
static TIESMITH_INLINE Vec::M is_negative(Vec::F x) { return Vec::less(x, Vec::set(0.0f)); }

template <std::size_t kModels>
static TIESMITH_INLINE void elect(const Election& election, Votes<kModels>& votes) {
  votes.positive = is_positive(votes.sum);
  votes.negative = is_negative(votes.sum);
  const Vec::M tied = Vec::equal(votes.sum, Vec::set(0.0f));
  switch (election.zero_sign) {
    case ZeroSign::Plus: votes.positive = Vec::either(votes.positive, tied); break;
    case ZeroSign::Minus: votes.negative = Vec::either(votes.negative, tied); break;
    case ZeroSign::Priority: {
      votes.positive = Vec::either(votes.positive, Vec::both(tied, is_positive(votes.priority_vote)));
      votes.negative = Vec::either(votes.negative, Vec::both(tied, is_negative(votes.priority_vote)));
      break;
    }
    case ZeroSign::None: break;
  }
}

// The models whose vote has the elected sign. A vote of zero has none.
template <std::size_t kModels>
static TIESMITH_INLINE Vec::M agrees(const Votes<kModels>& votes, Vec::F vote) {
  return Vec::either(Vec::both(votes.positive, is_positive(vote)), Vec::both(votes.negative, is_negative(vote)));
}

static TIESMITH_INLINE Vec::M is_nonzero(Vec::F x) { return Vec::either(is_positive(x), is_negative(x)); }

template <std::size_t kModels>
static TIESMITH_INLINE Vec::M discarded(const Votes<kModels>& votes, Vec::F trimmed, Vec::F vote) {
  return Vec::without(is_nonzero(trimmed), agrees(votes, vote));
}

template <std::size_t kModels>
static TIESMITH_INLINE Vec::M priority_losses(const Votes<kModels>& votes) {
  return discarded(votes, votes.priority_trimmed, votes.priority_vote);
}

// What slack ranks by, ascending |s| as a key that is cut from the top; 0 where nothing was discarded.
// Never 0 where something was: |s| as bits is below 0x7fffffff for every number and for Inf.
static TIESMITH_INLINE Vec::U key_of_loss(Vec::M lost, Vec::F sum) {
  return Vec::select_u(lost, Vec::sub_u(Vec::set_u(0x7fffffffu), key_of(sum)), Vec::set_u(0));
}

static TIESMITH_INLINE std::uint64_t count_of(Vec::M m) {
  return static_cast<std::uint64_t>(__builtin_popcount(Vec::to_bits(m)));
}

// Copies of the inputs' last elements, padded, as inputs of their own.
struct PaddedInputs {
  PaddedTail base_tail;
  PaddedTail tails[kMaxModels];
  ModelInput models[kMaxModels];
  ChunkInputs inputs;

  PaddedInputs(const ChunkInputs& from, std::size_t first, std::size_t count) {
    if (from.base != nullptr) base_tail.fill(*from.base, first, count);
    for (std::size_t m = 0; m < from.model_count; ++m) {
      tails[m].fill(from.models[m].source, first, count);
      models[m] = from.models[m];
      models[m].source = tails[m].source;
    }
    inputs = {from.base == nullptr ? nullptr : &base_tail.source, models, from.model_count, count};
  }
};

// Calls body with the number of models as a compile-time constant where that pays: for the paper's two models,
// and its three (two languages and a task).
template <class Body>
static TIESMITH_INLINE void with_model_count(std::size_t count, Body body) {
  if constexpr (Vec::kSpecializes) {
    if (count == 2) return body(std::integral_constant<std::size_t, 2>{});
    if (count == 3) return body(std::integral_constant<std::size_t, 3>{});
  }
  body(std::integral_constant<std::size_t, 0>{});
}

template <class Loader, std::size_t kModels>
static void tally_slack_with(const ChunkInputs& inputs, const Election& election, const Window& window,
                             const Sampling& sampling, Tally& tally, ElectionCounts& counts) {
  const VoteFactors<kModels> factors(inputs);
  ExactTrims<kModels> trims(inputs);
  TallyWriter writer(window, tally);
  Vec::U largest_tau = Vec::set_u(0);  // checked when combining
  Vec::Counter positive, negative, retained, lost_count;
  const Sources<kModels> sources(inputs);
  const auto add = [&](const Sources<kModels>& from, std::size_t i, std::size_t slot) __attribute__((always_inline)) {
    Votes<kModels> votes;
    cast_votes<Loader, kModels>(from, inputs.model_count, election.priority, factors, trims, i, largest_tau, votes);
    if (election.priority < 0) {
      positive.add(is_positive(votes.sum));
      negative.add(is_negative(votes.sum));
      return;
    }
    elect(election, votes);
    const Vec::M lost = priority_losses(votes);
    retained.add(is_nonzero(votes.priority_trimmed));
    lost_count.add(lost);
    writer.add(slot, key_of_loss(lost, votes.sum), lost);
  };
  const auto whole = [&](std::size_t i, std::size_t slot) __attribute__((always_inline)) { add(sources, i, slot); };
  const auto tail = [&](std::size_t first, std::size_t count) {
    const PaddedInputs padded(inputs, first, count);
    add(Sources<kModels>(padded.inputs), 0, 0);
  };
  for_each_sampled(inputs.element_count, sampling, whole, tail,
                   [&](std::size_t slots) __attribute__((always_inline)) {
                     if (election.priority >= 0) writer.drain(slots);
                   },
                   prefetch_of(sources, inputs.model_count));
  writer.finish();
  counts.positive += positive.total();
  counts.negative += negative.total();
  counts.priority_retained += retained.total();
  counts.priority_discarded += lost_count.total();
}
