// What drafts and analyses of numbers in pairs of vectors share: naming what is undecided, and comparing with brackets.
// Included inside a set's namespace.

// Names the elements of a block to the sink, from masks of even and of odd places in turn; gives their number.
static std::size_t list_undecided_pairs(MaskLog& undecided, std::size_t slots, std::size_t first, const UndecidedSink& sink) {
  return list_undecided(undecided, slots, first, sink, [](std::uint32_t word) {
    return Vec::deposit(word & 0xffffu, kEvenPlaces) | Vec::deposit(word >> 16, kOddPlaces);
  });
}

// Brackets as the bodies for weights of 1 compare them: task vectors by their keys, losses by |s| itself, whose key as a
// loss is 0x7fffffff - |s|.
template <std::size_t kModels>
struct UnitBrackets {
  std::uint32_t top[kModels], below[kModels];
  std::uint32_t given_below = 0, undecided_up_to = 0;

  // `slack`: null for none.
  UnitBrackets(const ChunkInputs& inputs, const Cut* slack, const Brackets& brackets) {
    for (std::size_t m = 0; m < kModels; ++m) {
      const bool by_cut = inputs.models[m].trim == TrimKind::ByCut;
      top[m] = by_cut ? inputs.models[m].cut.threshold : 0;
      below[m] = by_cut ? brackets.trim_lows[m] - 1 : 0x7fffffffu;
    }
    if (slack == nullptr) return;
    given_below = 0x7fffffffu - slack->threshold;
    undecided_up_to = 0x7fffffffu - brackets.slack_low;
  }
};
