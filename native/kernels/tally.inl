// Counting keys in a window of bins: the measurement behind every cut. Included inside a set's namespace.

class TallyWriter {
 public:
  // Vectors between two calls of drain(), at most.
  static constexpr std::size_t kBurst = 128;

  TallyWriter(const Window& window, Tally& tally)
      : tally_(tally), low_(window.low), shift_(window.shift), low_mask_((1u << window.shift) - 1),
        one_key_(window.low == window.high), lows_(Vec::set_u(window.low)), highs_(Vec::set_u(window.high)) {}

  // `slot`: the place of the vector since the last drain(). It is the caller's, since a count of this object's would go by
  // way of memory from vector to vector, as all fields do beside stores of keys.
  TIESMITH_INLINE void add(std::size_t slot, Vec::U key, Vec::M live) {
    const Vec::M not_above = Vec::at_least_where(live, highs_, key);
    above_.add(slot, Vec::without(live, not_above));
    const Vec::M inside = Vec::at_least_where(not_above, key, lows_);
    if constexpr (Vec::kStoresMasks) {
      held_masks_.put(slot, inside);
      Vec::store_u32(held_keys_ + slot * kLanes, key);
    } else {
      select(key, inside);
    }
  }

  // Counts the keys of `slots` vectors. Apart from add(), which then has no branch that depends on the data.
  TIESMITH_INLINE void drain(std::size_t slots) {
    above_.end_block(slots);
    if constexpr (Vec::kStoresMasks) select_held(slots);
    if (one_key_) tally_.bins[0].count += static_cast<std::uint32_t>(waiting_);
    else for (std::size_t i = 0; i < waiting_; ++i) count(waiting_keys_[i] - low_);
    waiting_ = 0;
  }

  void finish() { tally_.above += above_.total(); }

 private:
  TIESMITH_INLINE void count(std::uint32_t offset) {
    const std::uint32_t low_bits = offset & low_mask_;
    Bin& bin = tally_.bins[offset >> shift_];
    bin.count += 1;
    bin.low_seen |= low_bits | (~low_bits << 16);
  }
  TIESMITH_INLINE void select(Vec::U key, Vec::M inside) {
    waiting_ += static_cast<std::size_t>(Vec::compress(waiting_keys_ + waiting_, inside, key));
  }
  TIESMITH_INLINE void select_held(std::size_t slots) {
    std::uint32_t full[MaskLog::kWordRoom];
    const std::size_t full_count = held_masks_.full_words(slots, full);
    for (std::size_t i = 0; i < full_count; ++i) {
      const std::uint32_t word = held_masks_.word(full[i]);
      const std::uint32_t* const keys = held_keys_ + 2 * kLanes * full[i];
      select(load_u32(keys), Vec::from_bits(word & 0xffffu));
      select(load_u32(keys + kLanes), Vec::from_bits(word >> 16));
    }
  }

  Tally& tally_;
  std::uint32_t low_, shift_, low_mask_;
  bool one_key_;
  Vec::U lows_, highs_;
  MaskCounter above_;
  std::size_t waiting_ = 0;
  std::uint32_t waiting_keys_[(kBurst + 1) * kLanes], held_keys_[(kBurst + 1) * kLanes];
  MaskLog held_masks_;
};

// Asks for a range of elements early.
static TIESMITH_INLINE void prefetch(const Source& source, std::size_t first, std::size_t count) {
  const std::size_t size = dtype_bytes(source.dtype);
  const std::uint8_t* const end = source.bytes + (first + count) * size;
  for (const std::uint8_t* p = source.bytes + first * size; p < end; p += 64) __builtin_prefetch(p);
}

// Asks for a range of all sources early.
template <std::size_t kModels>
static TIESMITH_INLINE auto prefetch_of(const Sources<kModels>& sources, std::size_t model_count) {
  return [&sources, model_count](std::size_t first, std::size_t count) {
    prefetch(sources.base, first, count);
    for (std::size_t m = 0; m < model_count; ++m) prefetch(sources.models[m], first, count);
  };
}

// Calls whole(i, slot) for every kStep elements (a vector or two) of those that `sampling` names, tail(first, count) for
// what is left of a run, and pause(slots) at least every TallyWriter::kBurst vectors; before a run, ahead(first, count)
// with the next one.
template <std::size_t kStep = kLanes, class Whole, class Tail, class Pause, class Ahead>
static TIESMITH_INLINE void for_each_sampled(std::size_t element_count, const Sampling& sampling, Whole whole,
                                             Tail tail, Pause pause, Ahead ahead) {
  for (std::size_t first = 0; first < element_count; first += sampling.stride) {
    const std::size_t end = std::min(first + sampling.run, element_count);
    const std::size_t next = first + sampling.stride;
    if (end < next && next < element_count) ahead(next, std::min(sampling.run, element_count - next));
    std::size_t i = first;
    while (i + kStep <= end) {
      const std::size_t stop = std::min(end - kStep, i + TallyWriter::kBurst * kLanes - kStep);
      std::size_t slot = 0;
      for (; i <= stop; i += kStep, slot += kStep / kLanes) whole(i, slot);
      pause(slot);
    }
    if (i == end) continue;
    tail(i, end - i);
    pause(kStep / kLanes);  // runs shorter than a step have nothing but tails
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
  const auto whole = [&](std::size_t i, std::size_t slot) __attribute__((always_inline)) {
    writer.add(slot, key_at(base, model, i), all);
  };
  const auto tail = [&](std::size_t first, std::size_t count) {
    PaddedTail base_tail, model_tail;
    base_tail.fill(base, first, count);
    model_tail.fill(model, first, count);
    writer.add(0, key_at(base_tail.source, model_tail.source, 0), Vec::from_bits(first_lanes(count)));
  };
  for_each_sampled(element_count, sampling, whole, tail, [&](std::size_t slots) __attribute__((always_inline)) { writer.drain(slots); },
                   [&](std::size_t first, std::size_t count) {
                     prefetch(base, first, count);
                     prefetch(model, first, count);
                   });
  writer.finish();
}

static void tally_trim(const Source& base, const Source& model, std::size_t element_count, const Window& window,
                       const Sampling& sampling, Tally& tally) noexcept {
  const ModelInput input{model, 1, 1, 1, TrimKind::Everything, {}};
  with_loader(&base, &input, 1, [&](auto loader) {
    using Loader = decltype(loader);
    if (sampling.run < sampling.stride) tally_trim_with<typename Loader::OfRuns>(base, model, element_count, window, sampling, tally);
    else tally_trim_with<Loader>(base, model, element_count, window, sampling, tally);
  });
}
