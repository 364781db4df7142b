// Counting keys in a window of bins: the measurement behind every cut. Included inside a set's namespace.

class TallyWriter {
 public:
  // Vectors between two calls of drain(), at most.
  static constexpr std::size_t kBurst = 128;

  TallyWriter(const Window& window, Tally& tally)
      : tally_(tally), low_(window.low), shift_(window.shift), low_mask_((1u << window.shift) - 1),
        one_key_(window.low == window.high), lows_(Vec::set_u(window.low)), highs_(Vec::set_u(window.high)) {}

  TIESMITH_INLINE void add(Vec::U key, Vec::M live) {
    const Vec::M over = Vec::both(live, Vec::greater_u(key, highs_));
    above_.add(over);
    const Vec::M inside = Vec::without(Vec::without(live, over), Vec::greater_u(lows_, key));
    if (one_key_) equal_.add(inside);
    else waiting_ += Vec::compress(keys_ + waiting_, inside, key);
  }

  // Counts the keys that wait. Apart from add(), which then has no branch that depends on the data.
  TIESMITH_INLINE void drain() {
    for (int i = 0; i < waiting_; ++i) {
      const std::uint32_t offset = keys_[i] - low_;
      const std::uint32_t low_bits = offset & low_mask_;
      Bin& bin = tally_.bins[offset >> shift_];
      bin.count += 1;
      bin.low_seen |= low_bits | (~low_bits << 16);
    }
    waiting_ = 0;
  }

  void finish() {
    drain();
    tally_.above += above_.total();
    if (one_key_) tally_.bins[0].count += static_cast<std::uint32_t>(equal_.total());
  }

 private:
  Tally& tally_;
  std::uint32_t low_, shift_, low_mask_;
  bool one_key_;
  Vec::U lows_, highs_;
  Vec::Counter above_, equal_;
  int waiting_ = 0;
  std::uint32_t keys_[(kBurst + 1) * kLanes];
};

// Calls whole(i) for each vector of the elements that `sampling` names, tail(first, count) for what is left of a
// run, and pause() at least every TallyWriter::kBurst vectors.
template <class Whole, class Tail, class Pause>
static TIESMITH_INLINE void for_each_sampled(std::size_t element_count, const Sampling& sampling, Whole whole,
                                             Tail tail, Pause pause) {
  for (std::size_t first = 0; first < element_count; first += sampling.stride) {
    const std::size_t end = std::min(first + sampling.run, element_count);
    std::size_t i = first;
    while (i + kLanes <= end) {
      const std::size_t stop = std::min(end - kLanes, i + (TallyWriter::kBurst - 1) * kLanes);
      for (; i <= stop; i += kLanes) whole(i);
      pause();
    }
    if (i == end) continue;
    tail(i, end - i);
    pause();  // runs shorter than a vector have nothing but tails
  }
}

template <class Loader>
static void tally_trim_with(const Source& base, const Source& model, std::size_t element_count, const Window& window,
                            const Sampling& sampling, Tally& tally) {
  TallyWriter writer(window, tally);
  const auto key_at = [](const Source& from_base, const Source& from_model, std::size_t i)
                          __attribute__((always_inline)) {
    return key_of(Vec::sub(Loader::load(from_model, i), Loader::load(from_base, i)));
  };
  const Vec::M all = Vec::from_bits(first_lanes(kLanes));
  const auto whole = [&](std::size_t i) __attribute__((always_inline)) { writer.add(key_at(base, model, i), all); };
  const auto tail = [&](std::size_t first, std::size_t count) {
    PaddedTail base_tail, model_tail;
    base_tail.fill(base, first, count);
    model_tail.fill(model, first, count);
    writer.add(key_at(base_tail.source, model_tail.source, 0), Vec::from_bits(first_lanes(count)));
  };
  for_each_sampled(element_count, sampling, whole, tail, [&]() __attribute__((always_inline)) { writer.drain(); });
  writer.finish();
}

static void tally_trim(const Source& base, const Source& model, std::size_t element_count, const Window& window,
                       const Sampling& sampling, Tally& tally) noexcept {
  const ModelInput input{model, 1, 1, 1, TrimKind::Everything, {}};
  with_loader(&base, &input, 1, [&](auto loader) {
    tally_trim_with<decltype(loader)>(base, model, element_count, window, sampling, tally);
  });
}
