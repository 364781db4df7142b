// Counting keys in a window of bins: the measurement behind every cut. Included inside a set's namespace.

class TallyWriter {
 public:
  TallyWriter(const Window& window, Tally& tally)
      : tally_(tally), low_(window.low), shift_(window.shift), low_mask_((1u << window.shift) - 1),
        one_key_(window.low == window.high), lows_(Vec::set_u(window.low)), highs_(Vec::set_u(window.high)) {}

  TIESMITH_INLINE void add(Vec::U key, Vec::M live) {
    const Vec::M over = Vec::both(live, Vec::greater_u(key, highs_));
    above_ += static_cast<std::uint64_t>(__builtin_popcount(Vec::to_bits(over)));
    const Vec::M inside = Vec::without(Vec::without(live, over), Vec::greater_u(lows_, key));
    const std::uint32_t lanes = Vec::to_bits(inside);
    if (lanes == 0) return;
    if (one_key_) {
      equal_ += static_cast<std::uint64_t>(__builtin_popcount(lanes));
      return;
    }
    waiting_ += Vec::compress(keys_ + waiting_, inside, key);
    if (waiting_ >= kCapacity) flush();
  }

  void finish() {
    flush();
    tally_.above += above_;
    if (one_key_) tally_.bins[0] = {tally_.bins[0].count + static_cast<std::uint32_t>(equal_), 0, 0};
  }

 private:
  void flush() {
    for (int i = 0; i < waiting_; ++i) {
      const std::uint32_t offset = keys_[i] - low_;
      const auto low_bits = static_cast<std::uint16_t>(offset & low_mask_);
      Bin& bin = tally_.bins[offset >> shift_];
      bin.count += 1;
      bin.low_or |= low_bits;
      bin.low_and &= low_bits;
    }
    waiting_ = 0;
  }

  static constexpr int kCapacity = 2048;
  Tally& tally_;
  std::uint32_t low_, shift_, low_mask_;
  bool one_key_;
  Vec::U lows_, highs_;
  std::uint64_t above_ = 0, equal_ = 0;
  int waiting_ = 0;
  std::uint32_t keys_[kCapacity + kLanes];
};

// Calls body(first, count) for each run of elements that `sampling` names.
template <class Body>
static TIESMITH_INLINE void for_each_run(std::size_t element_count, const Sampling& sampling, Body body) {
  if (sampling.run == sampling.stride) return body(std::size_t{0}, element_count);
  for (std::size_t first = 0; first < element_count; first += sampling.stride)
    body(first, std::min(sampling.run, element_count - first));
}

template <class Loader>
static void tally_trim_with(const Source& base, const Source& model, std::size_t element_count, const Window& window,
                            const Sampling& sampling, Tally& tally) {
  TallyWriter writer(window, tally);
  const auto add = [&](const Source& from_base, const Source& from_model, std::size_t i, Vec::M live)
                       __attribute__((always_inline)) {
    writer.add(key_of(Vec::sub(Loader::load(from_model, i), Loader::load(from_base, i))), live);
  };
  const Vec::M all = Vec::from_bits(first_lanes(kLanes));
  for_each_run(element_count, sampling, [&](std::size_t first, std::size_t count) {
    const std::size_t whole = first + count / kLanes * kLanes;
    for (std::size_t i = first; i < whole; i += kLanes) add(base, model, i, all);
    const std::size_t rest = count % kLanes;
    if (rest == 0) return;
    PaddedTail base_tail, model_tail;
    base_tail.fill(base, whole, rest);
    model_tail.fill(model, whole, rest);
    add(base_tail.source, model_tail.source, 0, Vec::from_bits(first_lanes(rest)));
  });
  writer.finish();
}

static void tally_trim(const Source& base, const Source& model, std::size_t element_count, const Window& window,
                       const Sampling& sampling, Tally& tally) noexcept {
  const ModelInput input{model, 1, 1, 1, TrimKind::Everything, {}};
  with_loader(&base, &input, 1, [&](auto loader) {
    tally_trim_with<decltype(loader)>(base, model, element_count, window, sampling, tally);
  });
}
