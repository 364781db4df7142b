// What a draft leaves open, and what says so. Included inside a set's namespace.

// All the cuts of a combination: exact, or as brackets.
template <std::size_t kModels>
struct ExactCuts {
  static constexpr bool kDecideAll = true;
  ExactTrims<kModels> trims;
  Selector slack;

  ExactCuts(const ChunkInputs& inputs, const Combination& combination)
      : trims(inputs), slack(combination.has_slack ? TrimKind::ByCut : TrimKind::Nothing, combination.slack) {}
  TIESMITH_INLINE void look(std::size_t) {}
  TIESMITH_INLINE Vec::M decided(Vec::M m) const { return m; }
  TIESMITH_INLINE Vec::M undecided() const { return Vec::none(); }
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
  // To be called when all cuts have selected from a vector.
  TIESMITH_INLINE void look(std::size_t model_count) {
    undecided_ = Vec::either(trims.undecided(model_count), slack.undecided());
  }
  // The lanes of m that brackets decide.
  TIESMITH_INLINE Vec::M decided(Vec::M m) const { return Vec::without(m, undecided_); }
  TIESMITH_INLINE Vec::M undecided() const { return undecided_; }

 private:
  Vec::M undecided_ = Vec::none();
};

// For combinations with exact cuts.
struct NothingUndecided {
  template <class Ask>
  TIESMITH_INLINE void add(Ask) {}
  void end_block(std::size_t) {}
};

// Appends first + place for each set place of 32, and gives the new count.
static TIESMITH_INLINE std::size_t append_places(std::uint32_t* elements, std::size_t count, std::uint32_t places,
                                                 Vec::U first_sixteen) {
  count += static_cast<std::size_t>(Vec::compress(elements + count, Vec::from_bits(places & 0xffffu), first_sixteen));
  const Vec::U next_sixteen = Vec::add_u(first_sixteen, Vec::set_u(kLanes));
  return count + static_cast<std::size_t>(Vec::compress(elements + count, Vec::from_bits(places >> 16), next_sixteen));
}

// Hands the elements of a block whose bits are set to the sink. `in_order(word)`: a word of the log as a bit for each of
// its elements in order. Gives their number.
template <class InOrder>
static std::size_t list_undecided(MaskLog& log, std::size_t slots, std::size_t first, const UndecidedSink& sink, InOrder in_order) {
  std::uint32_t full[MaskLog::kWordRoom];
  const std::size_t full_count = log.full_words(slots, full);
  std::uint32_t elements[kBlockElements + kLanes];
  std::size_t count = 0;
  for (std::size_t i = 0; i < full_count; ++i) {
    const std::uint32_t word = log.word(full[i]);
    const std::uint32_t at = static_cast<std::uint32_t>(first) + 32 * full[i];
    count = append_places(elements, count, in_order(word), counting_from(at));
  }
  if (count > 0) sink.take(sink.context, elements, count);
  return count;
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
