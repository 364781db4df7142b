// The priority model's losses by |s|: how far slack reaches, and what it forgives. Included inside a set's namespace.

template <class Loader, std::size_t kModels>
static void tally_losses_with(const ChunkInputs& inputs, const Election& election, LossBin* bins,
                              ElectionCounts& counts) {
  const VoteFactors<kModels> factors(inputs);
  ExactTrims<kModels> trims(inputs);
  const Sources<kModels> sources(inputs);
  Vec::U largest_tau = Vec::set_u(0);  // checked when analysing
  Vec::Counter retained, lost_count;
  std::uint32_t keys[kLanes];
  const auto add = [&](const Sources<kModels>& from, std::size_t i) __attribute__((always_inline)) {
    Votes<kModels> votes;
    cast_votes<Loader, kModels>(from, inputs.model_count, election.priority, factors, trims, i, largest_tau, votes);
    elect(election, votes);
    const Vec::M lost = priority_losses(votes);
    retained.add(is_nonzero(votes.priority_trimmed));
    lost_count.add(lost);
    const int count = Vec::compress(keys, lost, key_of(votes.sum));
    for (int k = 0; k < count; ++k) {
      LossBin& bin = bins[keys[k] >> kLossBinShift];
      bin.count += 1;
      bin.largest = std::max(bin.largest, keys[k]);
    }
  };
  const std::size_t whole = inputs.element_count / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) add(sources, i);
  if (whole < inputs.element_count) {
    const PaddedInputs tail(inputs, whole, inputs.element_count - whole);
    add(Sources<kModels>(tail.inputs), 0);
  }
  counts.priority_retained += retained.total();
  counts.priority_discarded += lost_count.total();
}

static void tally_losses(const ChunkInputs& inputs, const Election& election, LossBin* bins,
                         ElectionCounts& counts) noexcept {
  with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
    with_model_count(inputs.model_count, [&](auto models) {
      tally_losses_with<decltype(loader), decltype(models)::value>(inputs, election, bins, counts);
    });
  });
}
