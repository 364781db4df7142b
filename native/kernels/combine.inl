// The fused pass: widen, subtract, trim, elect, merge, scale, add, round once, store.
// Every operation rounds once, in the order of docs/architecture.md. Included inside a set's namespace.

// Arithmetic in f32, for outputs in half precision.
struct SinglePrecision {
  using Lanes = Vec::F;
  static TIESMITH_INLINE Lanes set(double value) { return Vec::set(static_cast<float>(value)); }
  static TIESMITH_INLINE Lanes from(Vec::F x) { return x; }
  static TIESMITH_INLINE Vec::F round(Lanes x) { return x; }
  static TIESMITH_INLINE Lanes add(Lanes a, Lanes b) { return Vec::add(a, b); }
  static TIESMITH_INLINE Lanes mul(Lanes a, Lanes b) { return Vec::mul(a, b); }
  static TIESMITH_INLINE Lanes div(Lanes a, Lanes b) { return Vec::div(a, b); }
  static TIESMITH_INLINE Lanes keep(Vec::M m, Lanes x) { return Vec::keep(m, x); }
  static TIESMITH_INLINE Lanes one_for_zero(Lanes x) {
    return Vec::select(Vec::equal(x, Vec::set(0.0f)), Vec::set(1.0f), x);
  }
};

// Arithmetic in f64, for outputs in f32: in f32 a quotient added to a base of nearly opposite value would
// show its own rounding, many units in the last place of the result.
struct DoublePrecision {
  using Lanes = Vec::D;
  static TIESMITH_INLINE Lanes set(double value) { return Vec::set_d(value); }
  static TIESMITH_INLINE Lanes from(Vec::F x) { return Vec::widen(x); }
  static TIESMITH_INLINE Vec::F round(Lanes x) { return Vec::narrow(x); }
  static TIESMITH_INLINE Lanes add(Lanes a, Lanes b) { return Vec::add_d(a, b); }
  static TIESMITH_INLINE Lanes mul(Lanes a, Lanes b) { return Vec::mul_d(a, b); }
  static TIESMITH_INLINE Lanes div(Lanes a, Lanes b) { return Vec::div_d(a, b); }
  static TIESMITH_INLINE Lanes keep(Vec::M m, Lanes x) { return Vec::keep_d(m, x); }
  static TIESMITH_INLINE Lanes one_for_zero(Lanes x) { return Vec::one_for_zero(x); }
};

// Calls body with the precision that an output asks for.
template <class Body>
static TIESMITH_INLINE auto with_precision(Dtype output, Body body) {
  return output == Dtype::F32 ? body(DoublePrecision{}) : body(SinglePrecision{});
}

// The sum of the weights in a precision, in recipe order.
template <class Real>
static typename Real::Lanes weight_sum(const ChunkInputs& inputs) {
  typename Real::Lanes sum = Real::set(0.0);
  for (std::size_t m = 0; m < inputs.model_count; ++m) sum = Real::add(sum, Real::set(inputs.models[m].weight));
  return sum;
}

// The largest magnitude, as f32 bits, that rounds to a finite value of the format.
static inline std::uint32_t largest_finite_key(Dtype dtype) {
  switch (dtype) {
    case Dtype::F32: return 0x7f7fffffu;
    case Dtype::F16: return 0x477fefffu;  // 65520 rounds to Inf
    default: return 0x7f7f7fffu;          // 0x7f7f8000 is halfway to 2^128, and rounds to even: to Inf
  }
}

// Finds the first NaN or Inf among the inputs' elements [first, first + count).
static Outcome find_not_finite(const ChunkInputs& inputs, std::size_t first, std::size_t count) {
  const auto is_finite = [](const Source& source, std::size_t i) {
    std::uint32_t wide = 0;
    std::uint16_t half = 0;
    const std::uint8_t* p = source.bytes + i * dtype_bytes(source.dtype);
    if (source.dtype == Dtype::F32) std::memcpy(&wide, p, 4);
    else std::memcpy(&half, p, 2);
    if (source.dtype == Dtype::F32) return (wide & 0x7f800000u) != 0x7f800000u;
    if (source.dtype == Dtype::F16) return (half & 0x7c00u) != 0x7c00u;
    return (half & 0x7f80u) != 0x7f80u;
  };
  for (std::size_t i = first; i < first + count; ++i) {
    if (inputs.base != nullptr && !is_finite(*inputs.base, i)) return {Status::NotFinite, i, 0};
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      if (!is_finite(inputs.models[m].source, i)) return {Status::NotFinite, i, static_cast<std::uint32_t>(m + 1)};
  }
  return {Status::Ok, 0, 0};
}

// Handles a block with results beyond the format: clamps Inf to the largest finite value where the
// output saturates. NaN (Inf - Inf of an intermediate) cannot be clamped.
static Outcome settle_overflow(const Output& output, std::size_t first, std::size_t count, std::uint64_t& saturated) {
  const std::size_t size = dtype_bytes(output.dtype);
  const std::uint32_t infinity = output.dtype == Dtype::F32 ? 0x7f800000u : output.dtype == Dtype::F16 ? 0x7c00u : 0x7f80u;
  const std::uint32_t sign = output.dtype == Dtype::F32 ? 0x80000000u : 0x8000u;
  for (std::size_t i = first; i < first + count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, output.bytes + i * size, size);
    if ((bits & infinity) != infinity) continue;
    if (!output.saturate || (bits & ~sign) != infinity) return {Status::Overflow, i, 0};
    bits -= 1;
    std::memcpy(output.bytes + i * size, &bits, size);
    saturated += 1;
  }
  return {Status::Ok, 0, 0};
}

// Runs `body(inputs, i, largest_input)`, which gives a vector of results, over a chunk block by block;
// stores, checks, and hands each block to the sink.
template <class Body>
static TIESMITH_INLINE Outcome for_each_block(const ChunkInputs& inputs, const Output& output, CombineCounts& counts,
                                              Body body) {
  const std::size_t size = dtype_bytes(output.dtype);
  const Vec::U zero = Vec::set_u(0);
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t whole = first + count / kLanes * kLanes;
    Vec::U largest_input = zero, largest_result = zero;
    for (std::size_t i = first; i < whole; i += kLanes) {
      const Vec::F result = body(inputs, i, largest_input);
      largest_result = Vec::max_u(largest_result, key_of(result));
      store(output.bytes + i * size, output.dtype, result);
    }
    if (const std::size_t rest = count % kLanes; rest != 0) {
      const PaddedInputs tail(inputs, whole, rest);
      std::uint8_t padded[kLanes * 4];
      const Vec::F result = Vec::keep(Vec::from_bits(first_lanes(rest)), body(tail.inputs, 0, largest_input));
      largest_result = Vec::max_u(largest_result, key_of(result));
      store(padded, output.dtype, result);
      std::memcpy(output.bytes + whole * size, padded, rest * size);
    }
    if (Vec::largest(largest_input) > 0x7f7fffffu) return find_not_finite(inputs, first, count);
    if (Vec::largest(largest_result) > largest_finite_key(output.dtype)) {
      const Outcome settled = settle_overflow(output, first, count, counts.saturated);
      if (settled.status != Status::Ok) return settled;
    }
    if (output.sink.take != nullptr) output.sink.take(output.sink.context, output.bytes + first * size, count * size);
  }
  return {Status::Ok, 0, 0};
}

static Outcome combine_linear(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                              CombineCounts& counts) noexcept {
  return with_precision(output.dtype, [&](auto precision) {
    return with_loader(nullptr, inputs.models, inputs.model_count, [&](auto loader) {
      using Loader = decltype(loader);
      using Real = decltype(precision);
      const typename Real::Lanes divisor = weight_sum<Real>(inputs);
      return for_each_block(inputs, output, counts, [&](const ChunkInputs& from, std::size_t i, Vec::U& largest)
                                                        __attribute__((always_inline)) {
        typename Real::Lanes sum = Real::set(0.0);
        for (std::size_t m = 0; m < from.model_count; ++m) {
          const Vec::F theta = Loader::load(from.models[m].source, i);
          largest = Vec::max_u(largest, key_of(theta));
          const typename Real::Lanes weighted = Real::mul(Real::from(theta), Real::set(from.models[m].weight));
          sum = m == 0 ? weighted : Real::add(sum, weighted);
        }
        return Real::round(combination.normalize ? Real::div(sum, divisor) : sum);
      });
    });
  });
}

static Outcome combine_task(const ChunkInputs& inputs, const Combination& combination, const Output& output,
                            ModelCounts* per_model, CombineCounts& counts) noexcept {
  const Outcome outcome = with_precision(output.dtype, [&](auto precision) {
    return with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
      using Loader = decltype(loader);
      using Real = decltype(precision);
      const typename Real::Lanes divisor = weight_sum<Real>(inputs);
      return for_each_block(inputs, output, counts, [&](const ChunkInputs& from, std::size_t i, Vec::U& largest)
                                                        __attribute__((always_inline)) {
        const Vec::F base = Loader::load(*from.base, i);
        largest = Vec::max_u(largest, key_of(base));
        typename Real::Lanes sum = Real::set(0.0);
        for (std::size_t m = 0; m < from.model_count; ++m) {
          const Vec::F theta = Loader::load(from.models[m].source, i);
          largest = Vec::max_u(largest, key_of(theta));
          const Vec::F tau = Vec::sub(theta, base);
          per_model[m].retained += count_of(is_nonzero(tau));
          sum = Real::add(sum, Real::mul(Real::from(tau), Real::set(from.models[m].weight)));
        }
        if (combination.normalize) sum = Real::div(sum, divisor);
        return Real::round(Real::add(Real::mul(sum, Real::set(combination.lambda)), Real::from(base)));
      });
    });
  });
  for (std::size_t m = 0; m < inputs.model_count; ++m) per_model[m].zero = inputs.element_count - per_model[m].retained;
  return outcome;
}

// Counts of one vector, before slack changes the election.
template <std::size_t kModels>
static TIESMITH_INLINE void count_votes(const Votes<kModels>& votes, std::size_t model_count, ModelCounts* per_model,
                                        CombineCounts& counts) {
  Vec::M any_positive = Vec::none(), any_negative = Vec::none();
  for (std::size_t m = 0; m < model_count; ++m) {
    any_positive = Vec::either(any_positive, is_positive(votes.trimmed[m]));
    any_negative = Vec::either(any_negative, is_negative(votes.trimmed[m]));
  }
  const Vec::M conflict = Vec::both(any_positive, any_negative);
  counts.conflicts += count_of(conflict);
  for (std::size_t m = 0; m < model_count; ++m) {
    const Vec::M nonzero = is_nonzero(votes.trimmed[m]);
    per_model[m].zero += count_of(votes.zero[m]);
    per_model[m].retained += count_of(nonzero);
    per_model[m].in_conflict += count_of(Vec::both(nonzero, conflict));
    per_model[m].discarded += count_of(discarded(votes, m));
  }
}

// Turns the election to the priority model where the slack cut selects its losses; gives their number.
template <std::size_t kModels>
static TIESMITH_INLINE std::uint64_t give_back(const Election& election, Selector& slack, Votes<kModels>& votes) {
  const auto p = static_cast<std::size_t>(election.priority);
  const Vec::M lost = discarded(votes, p);
  const Vec::M given = Vec::both(lost, slack.select(key_of_loss(lost, votes.sum)));
  votes.positive = Vec::either(Vec::without(votes.positive, given), Vec::both(given, is_positive(votes.vote[p])));
  votes.negative = Vec::either(Vec::without(votes.negative, given), Vec::both(given, is_negative(votes.vote[p])));
  return count_of(given);
}

// The (weighted) mean, or sum, of the trimmed task vectors that agree with the elected sign.
template <class Real, std::size_t kModels>
static TIESMITH_INLINE typename Real::Lanes disjoint_merge(const ChunkInputs& inputs, const Votes<kModels>& votes,
                                                           bool normalize) {
  const std::size_t model_count = kModels == 0 ? inputs.model_count : kModels;
  typename Real::Lanes sum = Real::set(0.0), divisor = Real::set(0.0);
  for (std::size_t m = 0; m < model_count; ++m) {
    const typename Real::Lanes weight = Real::set(inputs.models[m].weight);
    const typename Real::Lanes rescaled = Real::mul(Real::from(votes.trimmed[m]), Real::set(inputs.models[m].rescale));
    const Vec::M agreeing = agrees(votes, m);
    sum = Real::add(sum, Real::keep(agreeing, Real::mul(rescaled, weight)));
    divisor = Real::add(divisor, Real::keep(agreeing, weight));
  }
  return normalize ? Real::div(sum, Real::one_for_zero(divisor)) : sum;
}

template <class Real, class Loader, std::size_t kModels>
static Outcome combine_ties_with(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                                 const Output& output, ModelCounts* per_model, CombineCounts& counts) {
  const std::size_t model_count = kModels == 0 ? inputs.model_count : kModels;
  Selectors selectors(inputs.models, inputs.model_count);
  Selector slack(combination.has_slack ? TrimKind::ByCut : TrimKind::Nothing, combination.slack);
  const Outcome outcome = for_each_block(
      inputs, output, counts, [&](const ChunkInputs& from, std::size_t i, Vec::U& largest)
                                  __attribute__((always_inline)) {
        Votes<kModels> votes;
        cast_votes<Loader, kModels>(from, selectors, i, largest, votes);
        elect(election, votes);
        count_votes(votes, model_count, per_model, counts);
        if (combination.has_slack) counts.given_back += give_back(election, slack, votes);
        const typename Real::Lanes merged = disjoint_merge<Real, kModels>(from, votes, combination.normalize);
        const typename Real::Lanes scaled = Real::mul(merged, Real::set(combination.lambda));
        return Real::round(Real::add(scaled, Real::from(votes.base)));
      });
  // The padding of the last vector counted as zeros.
  const std::size_t padding = (kLanes - inputs.element_count % kLanes) % kLanes;
  for (std::size_t m = 0; m < model_count; ++m) per_model[m].zero -= padding;
  return outcome;
}

static Outcome combine_ties(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                            const Output& output, ModelCounts* per_model, CombineCounts& counts) noexcept {
  Outcome outcome{Status::Ok, 0, 0};
  with_precision(output.dtype, [&](auto precision) {
    with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
      with_model_count(inputs.model_count, [&](auto models) {
        outcome = combine_ties_with<decltype(precision), decltype(loader), decltype(models)::value>(
            inputs, election, combination, output, per_model, counts);
      });
    });
  });
  return outcome;
}
