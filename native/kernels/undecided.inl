// What a draft leaves open, and what says so. Included inside a set's namespace.

// All the cuts of a combination: exact, or as brackets.
template <std::size_t kModels>
struct ExactCuts {
  static constexpr bool kDecideAll = true;
  ExactTrims<kModels> trims;
  Selector slack;

  ExactCuts(const ChunkInputs& inputs, const Combination& combination)
      : trims(inputs), slack(combination.has_slack ? TrimKind::ByCut : TrimKind::Nothing, combination.slack) {}
  TIESMITH_INLINE Vec::M undecided(std::size_t) const { return Vec::none(); }
};

static BracketSelector slack_bracket(const Combination& combination, const Brackets& brackets) {
  return {combination.has_slack ? TrimKind::ByCut : TrimKind::Nothing, combination.slack, brackets.slack_low};
}

template <std::size_t kModels>
struct BracketCuts {
  static constexpr bool kDecideAll = false;
  BracketTrims<kModels> trims;
  BracketSelector slack;

  BracketCuts(const ChunkInputs& inputs, const Combination& combination, const Brackets& brackets)
      : trims(inputs, brackets), slack(slack_bracket(combination, brackets)) {}
  TIESMITH_INLINE Vec::M undecided(std::size_t model_count) const {
    return Vec::either(trims.undecided(model_count), slack.undecided());
  }
};

// For combinations with exact cuts.
struct NothingUndecided {
  template <class Ask>
  TIESMITH_INLINE void add(Ask) {}
  void end_block(std::size_t) {}
};

// A mask for each vector of a block. Storing one is a single instruction; what is then made of all of them has no
// branch that depends on the data.
struct MaskLog {
  std::uint16_t bits[kBlockElements / kLanes];

  TIESMITH_INLINE void put(std::size_t slot, Vec::M m) { Vec::store_mask(bits + slot, m); }
  // Clears masks after the block's own, up to a multiple of 32, and gives where they end.
  std::size_t pad(std::size_t slots) {
    while (slots % 32 != 0) bits[slots++] = 0;
    return slots;
  }
  // Two masks as one word, the earlier its low half: all supported CPUs are little-endian.
  const std::uint8_t* words(std::size_t word) const { return reinterpret_cast<const std::uint8_t*>(bits + 2 * word); }
};

// Appends first + place for each set place of 32, and gives the new count.
static TIESMITH_INLINE std::size_t append_places(std::uint32_t* elements, std::size_t count, std::uint32_t places,
                                                 Vec::U first_sixteen) {
  count += static_cast<std::size_t>(Vec::compress(elements + count, Vec::from_bits(places & 0xffffu), first_sixteen));
  const Vec::U next_sixteen = Vec::add_u(first_sixteen, Vec::set_u(kLanes));
  return count + static_cast<std::size_t>(Vec::compress(elements + count, Vec::from_bits(places >> 16), next_sixteen));
}

static TIESMITH_INLINE Vec::U counting_from(std::uint32_t first) {
  static constexpr std::uint32_t kPlaces[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return Vec::add_u(Vec::bits(Vec::load_f32(reinterpret_cast<const std::uint8_t*>(kPlaces))), Vec::set_u(first));
}

// Hands the elements of a block whose bits are set to the sink. `in_order(word)`: a word of the log as a bit for each of
// its elements in order.
template <class InOrder>
static void list_undecided(MaskLog& log, std::size_t slots, std::size_t first, const UndecidedSink& sink, InOrder in_order) {
  // Most words hold none: those that do are found first, so that the loop over them has no branch to guess.
  std::uint32_t full[kBlockElements / 32 + kLanes];
  std::size_t full_count = 0;
  for (std::uint32_t w = 0, end = static_cast<std::uint32_t>(log.pad(slots) / 2); w < end; w += kLanes) {
    const Vec::M empty = Vec::equal_u(Vec::bits(Vec::load_f32(log.words(w))), Vec::set_u(0));
    const Vec::M holds_some = Vec::without(Vec::from_bits(first_lanes(kLanes)), empty);
    full_count += static_cast<std::size_t>(Vec::compress(full + full_count, holds_some, counting_from(w)));
  }
  std::uint32_t elements[kBlockElements + kLanes];
  std::size_t count = 0;
  for (std::size_t i = 0; i < full_count; ++i) {
    std::uint32_t word;
    std::memcpy(&word, log.words(full[i]), sizeof word);
    const std::uint32_t at = static_cast<std::uint32_t>(first) + 32 * full[i];
    count = append_places(elements, count, in_order(word), counting_from(at));
  }
  if (count > 0) sink.take(sink.context, elements, count);
}

// Collects what a body leaves undecided, vector by vector. The padding of a block's last vector holds zeros, which
// are never undecided.
class UndecidedList {
 public:
  explicit UndecidedList(const UndecidedSink& sink) : sink_(sink) {}

  template <class Ask>
  TIESMITH_INLINE void add(Ask ask) {
    log_.put(vectors_++, ask());
  }
  // `first`: the block's first element.
  void end_block(std::size_t first) {
    list_undecided(log_, vectors_, first, sink_, [](std::uint32_t word) { return word; });
    vectors_ = 0;
  }

 private:
  UndecidedSink sink_;
  std::size_t vectors_ = 0;
  MaskLog log_;
};
