// Floating sums, defined per block: 16 interleaved f64 partial sums, added pairwise. The caller adds the
// block sums in index order. Included inside a set's namespace.

static double add_neighbours(double* lane, std::size_t count) {
  for (std::size_t width = count; width > 1; width /= 2)
    for (std::size_t i = 0; i < width / 2; ++i) lane[i] = lane[2 * i] + lane[2 * i + 1];
  return lane[0];
}

static double add_pairwise(const Vec::D& sums) {
  double lane[kLanes];
  Vec::store_d(lane, sums);
  return add_neighbours(lane, kLanes);
}

// Of sums whose first half is that of even places: neighbours are half the lanes apart.
static double add_pairwise_of_pairs(const Vec::D& sums) {
  double lane[kLanes];
  Vec::store_d(lane, sums);
  for (std::size_t i = 0; i < kLanes / 2; ++i) lane[i] += lane[i + kLanes / 2];
  return add_neighbours(lane, kLanes / 2);
}

// Calls body(a, b) with f32 vectors of two sources over elements [first, first + count), padded by zeros.
template <class Body>
static TIESMITH_INLINE void for_each_pair(const Source& a, const Source& b, std::size_t first, std::size_t count,
                                          Body body) {
  const std::size_t whole = first + count / kLanes * kLanes;
  for (std::size_t i = first; i < whole; i += kLanes) body(MixedLoader::load(a, i), MixedLoader::load(b, i));
  if (count % kLanes == 0) return;
  PaddedTail tail_a, tail_b;
  tail_a.fill(a, whole, count % kLanes);
  tail_b.fill(b, whole, count % kLanes);
  body(MixedLoader::load(tail_a.source, 0), MixedLoader::load(tail_b.source, 0));
}

static TIESMITH_INLINE Vec::F absolute(Vec::F x) {
  return Vec::select(is_negative(x), Vec::sub(Vec::set(0.0f), x), x);
}

static void block_norms(const Source& base, const ModelInput& model, std::size_t element_count,
                        double* norms) noexcept {
  Selector selector(model.trim, model.cut);
  for (std::size_t first = 0; first < element_count; first += kBlockElements) {
    Vec::D before = Vec::zero_d(), after = Vec::zero_d();
    for_each_pair(base, model.source, first, std::min(kBlockElements, element_count - first),
                  [&](Vec::F from_base, Vec::F from_model) __attribute__((always_inline)) {
                    const Vec::F tau = Vec::sub(from_model, from_base);
                    const Vec::F magnitude = absolute(tau);
                    before = Vec::add_d(before, magnitude);
                    after = Vec::add_d(after, Vec::keep(selector.select(key_of(tau)), magnitude));
                  });
    *norms++ = add_pairwise(before);
    *norms++ = add_pairwise(after);
  }
}

static void compare(const Source& a, const Source& b, std::size_t element_count, Difference& difference,
                    double* squares) noexcept {
  const Vec::U infinity = Vec::set_u(0x7f7fffffu);
  Vec::U largest = Vec::set_u(0);
  std::uint64_t equal_count = 0, lanes_seen = 0;
  for (std::size_t first = 0; first < element_count; first += kBlockElements) {
    Vec::D difference_squares = Vec::zero_d(), a_squares = Vec::zero_d();
    for_each_pair(a, b, first, std::min(kBlockElements, element_count - first),
                  [&](Vec::F x, Vec::F y) __attribute__((always_inline)) {
                    const Vec::M odd = Vec::either(Vec::greater_u(key_of(x), infinity), Vec::greater_u(key_of(y), infinity));
                    difference.not_finite += count_of(odd);
                    equal_count += count_of(Vec::equal(x, y));
                    lanes_seen += kLanes;
                    const Vec::M same = Vec::either(Vec::both(is_positive(x), is_positive(y)),
                                                    Vec::both(is_negative(x), is_negative(y)));
                    const Vec::M zeros = Vec::both(Vec::equal(x, Vec::set(0.0f)), Vec::equal(y, Vec::set(0.0f)));
                    difference.same_sign += count_of(Vec::without(Vec::either(same, zeros), odd));
                    const Vec::M even = Vec::without(Vec::from_bits(first_lanes(kLanes)), odd);
                    const Vec::F delta = Vec::keep(even, Vec::sub(x, y));
                    largest = Vec::max_u(largest, key_of(delta));
                    difference_squares = Vec::add_square_d(difference_squares, delta);
                    a_squares = Vec::add_square_d(a_squares, Vec::keep(even, x));
                  });
    *squares++ = add_pairwise(difference_squares);
    *squares++ = add_pairwise(a_squares);
  }
  // The padding of the last vector is equal and of the same sign.
  difference.differing += lanes_seen - equal_count;
  difference.same_sign -= (kLanes - element_count % kLanes) % kLanes;
  difference.max_absolute = std::max(difference.max_absolute, std::bit_cast<float>(Vec::largest(largest)));
}
