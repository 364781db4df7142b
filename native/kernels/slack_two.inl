// Losses of two bf16 models with votes of weight 1, counted in pairs of vectors. Included inside a set's namespace.

template <bool kAhead, int kPriority>
static void tally_slack_of_two(const ChunkInputs& inputs, const Window& window, const Sampling& sampling, Tally& tally,
                               ElectionCounts& counts) {
  ExactTrims<2> trims(inputs);
  TallyWriter writer(window, tally);
  MaskCounter retained, discarded;
  const Sources<2> sources(inputs);
  const auto add = [&](const Sources<2>& from, std::size_t i, std::size_t slot) __attribute__((always_inline)) {
    Vec::F base[2], tau[2][2];
    Vec::M kept[2][2];
    load_pair<kAhead>(from.base, i, base);
    for_each_model<2>(2, [&](std::size_t m) __attribute__((always_inline)) {
      load_pair<kAhead>(from.models[m], i, tau[m]);
      tau[m][0] = Vec::sub(tau[m][0], base[0]);
      tau[m][1] = Vec::sub(tau[m][1], base[1]);
      const Vec::U key[2] = {key_of(tau[m][0]), key_of(tau[m][1])};
      trims.selectors[m].select_pair(key, kept[m]);
    });
    for (std::size_t p = 0; p < 2; ++p) {
      const Vec::F sum = Vec::add_where(kept[1][p], Vec::keep(kept[0][p], tau[0][p]), tau[1][p]);
      const Vec::M lost = Vec::signed_where(kept[kPriority][p], Vec::xor_f(tau[kPriority][p], sum));
      retained.add(slot + p, kept[kPriority][p]);
      discarded.add(slot + p, lost);
      writer.add(slot + p, Vec::sub_u(Vec::set_u(0x7fffffffu), key_of(sum)), lost);
    }
  };
  const auto whole = [&](std::size_t i, std::size_t slot) __attribute__((always_inline)) { add(sources, i, slot); };
  const auto tail = [&](std::size_t first, std::size_t count) {
    const PaddedInputs padded(inputs, first, count);
    add(Sources<2>(padded.inputs), 0, 0);
  };
  const auto pause = [&](std::size_t slots) __attribute__((always_inline)) {
    writer.drain(slots);
    retained.end_block(slots);
    discarded.end_block(slots);
  };
  for_each_sampled<kPairElements>(inputs.element_count, sampling, whole, tail, pause, prefetch_of(sources, 2));
  writer.finish();
  counts.priority_retained += retained.total();
  counts.priority_discarded += discarded.total();
}

// Whether tally_slack_of_two may do this.
static bool has_slack_of_two(const ChunkInputs& inputs, const Election& election) {
  return inputs.model_count == 2 && election.priority >= 0 && has_unit_weights(inputs, election) &&
         all_stored_as(Dtype::BF16, inputs.base, inputs.models, inputs.model_count);
}

static void tally_slack_of_two(const ChunkInputs& inputs, int priority, const Window& window, const Sampling& sampling,
                               Tally& tally, ElectionCounts& counts) {
  const auto with_ahead = [&](auto ahead) {
    if (priority == 0) tally_slack_of_two<decltype(ahead)::value, 0>(inputs, window, sampling, tally, counts);
    else tally_slack_of_two<decltype(ahead)::value, 1>(inputs, window, sampling, tally, counts);
  };
  if (sampling.run < sampling.stride) with_ahead(std::false_type{});
  else with_ahead(std::true_type{});
}

// As the kernel table has it: the body that fits.
static void tally_slack(const ChunkInputs& inputs, const Election& election, const Window& window,
                        const Sampling& sampling, Tally& tally, ElectionCounts& counts) noexcept {
  if (has_slack_of_two(inputs, election))
    return tally_slack_of_two(inputs, election.priority, window, sampling, tally, counts);
  const bool unit = has_unit_weights(inputs, election) && election.priority >= 0;
  with_loader(inputs.base, inputs.models, inputs.model_count, [&](auto loader) {
    with_model_count(inputs.model_count, [&](auto models) {
      constexpr std::size_t kModels = decltype(models)::value;
      using Loader = decltype(loader);
      if constexpr (kModels > 0) {
        if (unit && sampling.run < sampling.stride)
          return tally_unit_slack<typename Loader::OfRuns, kModels>(inputs, election, window, sampling, tally, counts);
        if (unit) return tally_unit_slack<Loader, kModels>(inputs, election, window, sampling, tally, counts);
      }
      tally_slack_with<Loader, kModels>(inputs, election, window, sampling, tally, counts);
    });
  });
}
