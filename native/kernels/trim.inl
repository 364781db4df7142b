// Trimming by an exact cut, with tied elements spread evenly. Included inside a set's namespace.

// Answers, for tied elements in index order, which are taken: the j-th iff
// floor((j+1)*taken/tied) > floor(j*taken/tied), that is iff (j*taken mod tied) + taken >= tied.
class TieSpreader {
 public:
  TieSpreader() {}
  explicit TieSpreader(const Cut& cut) : taken_(cut.taken), tied_(cut.tied) {
    remainder_ = product_mod_tied(cut.first_tie);
    // Below 2^30 a lane's sum stays below 2^31, which every set can compare; larger counts go one by one.
    in_lanes_ = tied_ < (1u << 30);
    if (!in_lanes_) return;
    alignas(64) std::uint32_t lane[kLanes];
    for (std::size_t i = 0; i < kLanes; ++i)
      lane[i] = static_cast<std::uint32_t>((remainder_ + product_mod_tied(i)) % tied_);
    remainders_ = load_u32(lane);
    step_ = static_cast<std::uint32_t>(product_mod_tied(kLanes));
  }

  // Which of up to 32 places, those with a bit in `tied_places`, are taken; advances past all of them. Nothing here takes
  // this object's address: what changes stays in registers, where stores to outputs would make compilers read it again.
  TIESMITH_INLINE std::uint32_t take(std::uint32_t tied_places) {
    const int count = __builtin_popcount(tied_places);
    while (available_ < count) refill();
    const std::uint32_t answer = Vec::deposit(static_cast<std::uint32_t>(pool_), tied_places);
    pool_ >>= count;
    available_ -= count;
    return answer;
  }

 private:
  __extension__ using Wide = unsigned __int128;
  struct OneByOne {
    std::uint64_t remainder;
    std::uint32_t answer;
  };

  std::uint64_t product_mod_tied(std::uint64_t count) const {
    return static_cast<std::uint64_t>(static_cast<Wide>(count) * taken_ % tied_);
  }
  // kLanes more answers for the pool.
  TIESMITH_INLINE void refill() {
    std::uint64_t next = 0;
    if (in_lanes_) {
      next = next_in_lanes();
    } else {
      const OneByOne found = next_one_by_one(remainder_, taken_, tied_);
      remainder_ = found.remainder;
      next = found.answer;
    }
    pool_ |= next << available_;
    available_ += static_cast<int>(kLanes);
  }
  TIESMITH_INLINE std::uint32_t next_in_lanes() {
    const Vec::U last = Vec::set_u(static_cast<std::uint32_t>(tied_) - 1);
    const Vec::U reached = Vec::add_u(remainders_, Vec::set_u(static_cast<std::uint32_t>(taken_)));
    const std::uint32_t answer = Vec::to_bits(Vec::greater_u(reached, last));
    const Vec::U next = Vec::add_u(remainders_, Vec::set_u(step_));
    const Vec::U wrapped = Vec::sub_u(next, Vec::set_u(static_cast<std::uint32_t>(tied_)));
    remainders_ = Vec::select_u(Vec::greater_u(next, last), wrapped, next);
    return answer;
  }
  static OneByOne next_one_by_one(std::uint64_t remainder, std::uint64_t taken, std::uint64_t tied) {
    std::uint32_t answer = 0;
    for (std::size_t i = 0; i < kLanes; ++i) {
      remainder += taken;
      if (remainder < tied) continue;
      remainder -= tied;
      answer |= 1u << i;
    }
    return {remainder, answer};
  }

  Vec::U remainders_ = Vec::set_u(0);
  std::uint64_t taken_ = 1, tied_ = 1, remainder_ = 0;
  std::uint64_t pool_ = 0;
  std::uint32_t step_ = 0;
  int available_ = 0;
  bool in_lanes_ = true;
};

// Places of 32 as bits.
inline constexpr std::uint32_t kEvenPlaces = 0x55555555u, kOddPlaces = 0xaaaaaaaau;

// Which keys a cut selects. Keys of zero are never selected: a zero is the same kept or trimmed.
class Selector {
 public:
  Selector() {}
  Selector(TrimKind kind, const Cut& cut) {
    if (kind == TrimKind::ByCut && cut.tied > 0) ties_ = TieSpreader(cut);
    if (kind == TrimKind::Nothing) threshold_ = 0x7fffffffu;
    if (kind == TrimKind::Everything) threshold_ = 0;
    if (kind != TrimKind::ByCut) return;
    const bool all_ties = cut.tied > 0 && cut.taken >= cut.tied && cut.threshold > 0;
    threshold_ = all_ties ? cut.threshold - 1 : cut.threshold;
    spreads_ = !all_ties && cut.threshold > 0 && cut.taken > 0;
  }

  TIESMITH_INLINE Vec::M select(Vec::U key) {
    const Vec::U threshold = Vec::set_u(threshold_);
    Vec::M selected = Vec::greater_u(key, threshold);
    if (spreads_) {
      const std::uint32_t tied = Vec::to_bits(Vec::equal_u(key, threshold));
      if (tied != 0) selected = Vec::either(selected, Vec::from_bits(ties_.take(tied)));
    }
    return selected;
  }

  // The same of 32 keys, those at even and those at odd places.
  TIESMITH_INLINE void select_pair(const Vec::U* keys, Vec::M* selected) {
    const Vec::U threshold = Vec::set_u(threshold_);
    selected[0] = Vec::greater_u(keys[0], threshold);
    selected[1] = Vec::greater_u(keys[1], threshold);
    if (!spreads_) return;
    const std::uint32_t even = Vec::to_bits(Vec::equal_u(keys[0], threshold));
    const std::uint32_t odd = Vec::to_bits(Vec::equal_u(keys[1], threshold));
    if ((even | odd) == 0) return;
    const std::uint32_t taken = ties_.take(Vec::deposit(even, kEvenPlaces) | Vec::deposit(odd, kOddPlaces));
    selected[0] = Vec::either(selected[0], Vec::from_bits(Vec::extract(taken, kEvenPlaces)));
    selected[1] = Vec::either(selected[1], Vec::from_bits(Vec::extract(taken, kOddPlaces)));
  }

 private:
  std::uint32_t threshold_ = 0;
  bool spreads_ = false;
  TieSpreader ties_;
};

// Which keys a bracket selects: those above it; those inside it are noted as undecided.
class BracketSelector {
 public:
  BracketSelector() {}
  // `low` is the bracket's, its top is the threshold of the cut.
  BracketSelector(TrimKind kind, const Cut& cut, std::uint32_t low) {
    if (kind == TrimKind::Nothing) top_ = Vec::set_u(0x7fffffffu);
    if (kind != TrimKind::ByCut) return;
    top_ = Vec::set_u(cut.threshold);
    below_ = Vec::set_u(low - 1);
  }

  TIESMITH_INLINE Vec::M select(Vec::U key) {
    const Vec::M selected = Vec::greater_u(key, top_);
    undecided_ = Vec::without(Vec::greater_u(key, below_), selected);
    return selected;
  }
  // Of the keys that were selected from last.
  TIESMITH_INLINE Vec::M undecided() const { return undecided_; }

 private:
  Vec::U top_ = Vec::set_u(0), below_ = Vec::set_u(0x7fffffffu);
  Vec::M undecided_ = Vec::none();
};

// One selector a model.
template <std::size_t kModels>
struct ExactTrims {
  Selector selectors[kModelRoom<kModels>];

  explicit ExactTrims(const ChunkInputs& inputs) {
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      selectors[m] = Selector(inputs.models[m].trim, inputs.models[m].cut);
  }
  TIESMITH_INLINE Vec::M select(std::size_t m, Vec::U key) { return selectors[m].select(key); }
};

template <std::size_t kModels>
struct BracketTrims {
  BracketSelector selectors[kModelRoom<kModels>];

  BracketTrims(const ChunkInputs& inputs, const Brackets& brackets) {
    for (std::size_t m = 0; m < inputs.model_count; ++m)
      selectors[m] = BracketSelector(inputs.models[m].trim, inputs.models[m].cut, brackets.trim_lows[m]);
  }
  TIESMITH_INLINE Vec::M select(std::size_t m, Vec::U key) { return selectors[m].select(key); }
  // The elements that some model's bracket holds.
  TIESMITH_INLINE Vec::M undecided(std::size_t model_count) const {
    Vec::M any = Vec::none();
    for_each_model<kModels>(model_count, [&](std::size_t m) __attribute__((always_inline)) {
      any = Vec::either(any, selectors[m].undecided());
    });
    return any;
  }
};
