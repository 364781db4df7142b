// Masks that are stored, a block's worth of them, and counts of such. Included inside a set's namespace.

static TIESMITH_INLINE Vec::U counting_from(std::uint32_t first) {
  static constexpr std::uint32_t kPlaces[kLanes] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
  return Vec::add_u(load_u32(kPlaces), Vec::set_u(first));
}

// A mask for each vector of a block. Storing one is a single instruction; what is then made of all of them has no
// branch that depends on the data.
struct MaskLog {
  // Entries that full_words() may write: one a word, and a vector beyond.
  static constexpr std::size_t kWordRoom = kBlockElements / 32 + kLanes;

  std::uint16_t bits[kBlockElements / kLanes];

  TIESMITH_INLINE void put(std::size_t slot, Vec::M m) { Vec::store_mask(bits + slot, m); }
  // Clears masks after the block's own, up to a multiple of 32, and gives where they end.
  std::size_t pad(std::size_t slots) {
    while (slots % 32 != 0) bits[slots++] = 0;
    return slots;
  }
  // Two masks as one word, the earlier its low half: all supported CPUs are little-endian.
  const std::uint8_t* words(std::size_t word) const { return reinterpret_cast<const std::uint8_t*>(bits + 2 * word); }
  std::uint32_t word(std::size_t at) const {
    std::uint32_t both;
    std::memcpy(&both, words(at), sizeof both);
    return both;
  }
  // Lists the words with a set bit, and gives their number. Most hold none: a loop over those that do has no branch to
  // guess.
  std::size_t full_words(std::size_t slots, std::uint32_t* full) {
    std::size_t count = 0;
    for (std::uint32_t w = 0, end = static_cast<std::uint32_t>(pad(slots) / 2); w < end; w += kLanes) {
      const Vec::M empty = Vec::equal_u(Vec::bits(Vec::load_f32(words(w))), Vec::set_u(0));
      const Vec::M holds_some = Vec::without(Vec::from_bits(first_lanes(kLanes)), empty);
      count += static_cast<std::size_t>(Vec::compress(full + count, holds_some, counting_from(w)));
    }
    return count;
  }
};

// Counts the set lanes of masks: stored, a block at a time, where a set of kernels can; else each at once.
template <class Set>
class MaskCounterOf {
 public:
  TIESMITH_INLINE void add(std::size_t slot, typename Set::M m) {
    if constexpr (Set::kStoresMasks) log_.put(slot, m);
    else counter_.add(m);
  }
  void end_block(std::size_t slots) {
    if constexpr (Set::kStoresMasks) counter_.add_stored(log_.bits, log_.pad(slots));
  }

  // The same of what is decided: `undecided` are the vector's lanes, and then the block's.
  TIESMITH_INLINE void add_decided(std::size_t slot, typename Set::M m, typename Set::M undecided) {
    if constexpr (Set::kStoresMasks) log_.put(slot, m);
    else counter_.add(Set::without(m, undecided));
  }
  void end_block(std::size_t slots, const MaskLog& undecided) {
    if constexpr (Set::kStoresMasks) counter_.add_stored_without(log_.bits, undecided.bits, log_.pad(slots));
  }

  std::uint64_t total() const { return counter_.total(); }

 private:
  MaskLog log_;
  typename Set::Counter counter_;
};
using MaskCounter = MaskCounterOf<Vec>;
