// TIES as the kernel table has it: the body that fits, with exact cuts or as a draft. Included inside a set's
// namespace.

// Runs the body that fits inputs and output, with cuts made by make_cuts(number of models as a type).
template <bool kHasUnitBody, class MakeCuts, class Undecided>
static Outcome combine_with_cuts(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                                 const Output& output, MakeCuts make_cuts, Undecided undecided, ModelCounts* per_model,
                                 CombineCounts& counts) {
  const bool unit = has_unit_weights(inputs, election);
  return specialised(inputs, output.dtype, [&](auto precision, auto loader, auto models) {
    constexpr std::size_t kModels = decltype(models)::value;
    using Real = decltype(precision);
    using Loader = decltype(loader);
    if constexpr (kHasUnitBody && kModels > 0 && Loader::kUniform && std::is_same_v<Real, SinglePrecision>) {
      if (unit && combination.has_slack)
        return combine_unit_ties<Loader, kModels, true>(inputs, election, combination, output, make_cuts(models),
                                                        per_model, counts);
      if (unit)
        return combine_unit_ties<Loader, kModels, false>(inputs, election, combination, output, make_cuts(models),
                                                         per_model, counts);
    }
    return combine_ties_with<Real, Loader, kModels>(inputs, election, combination, output, make_cuts(models), undecided,
                                                    per_model, counts);
  });
}

// Whose losses are given back; -1 for nobody's.
static int priority_of(const Election& election, const Combination& combination) {
  return combination.has_slack ? election.priority : -1;
}

static Outcome combine_ties(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                            const Output& output, ModelCounts* per_model, CombineCounts& counts) noexcept {
  if (inputs.model_count == 2 && has_pair_body(inputs, election, output))
    return combine_two(combination, priority_of(election, combination), {inputs, output, {}, per_model, counts});
  const auto make_cuts = [&](auto models) { return ExactCuts<decltype(models)::value>(inputs, combination); };
  return combine_with_cuts<true>(inputs, election, combination, output, make_cuts, NothingUndecided{}, per_model, counts);
}

static Outcome draft_ties(const ChunkInputs& inputs, const Election& election, const Combination& combination,
                          const Brackets& brackets, const Output& output, const UndecidedSink& sink,
                          ModelCounts* per_model, CombineCounts& counts) noexcept {
  if (has_pair_body(inputs, election, output))
    return draft_unit(combination, priority_of(election, combination), brackets, {inputs, output, sink, per_model, counts});
  const auto make_cuts = [&](auto models) {
    return BracketCuts<decltype(models)::value>(inputs, combination, brackets);
  };
  return combine_with_cuts<false>(inputs, election, combination, output, make_cuts, UndecidedList(sink), per_model,
                                  counts);
}
