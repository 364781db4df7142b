// The logical 16-lane vector in plain C++: the reference that every other set must equal byte for byte.
// Included inside a set's namespace.

struct Vec {
  // Whether kernels are worth compiling apart for each dtype and small number of models.
  static constexpr bool kSpecializes = false;
  struct F { float lane[16]; };
  struct U { std::uint32_t lane[16]; };
  struct D { double lane[16]; };
  using M = std::uint32_t;  // one bit a lane

  template <class T, class Op>
  static T map(Op op) {
    T out;
    for (int i = 0; i < 16; ++i) out.lane[i] = op(i);
    return out;
  }
  template <class Op>
  static M test(Op op) {
    M out = 0;
    for (int i = 0; i < 16; ++i) out |= static_cast<M>(op(i)) << i;
    return out;
  }

  static F load_f32(const std::uint8_t* p) {
    F out;
    std::memcpy(out.lane, p, sizeof out.lane);
    return out;
  }
  static F load_bf16(const std::uint8_t* p) {
    std::uint16_t raw[16];
    std::memcpy(raw, p, sizeof raw);
    return map<F>([&](int i) { return widen_bf16(raw[i]); });
  }
  static F load_f16(const std::uint8_t* p) {
    std::uint16_t raw[16];
    std::memcpy(raw, p, sizeof raw);
    return map<F>([&](int i) { return widen_f16(raw[i]); });
  }
  static void store_f32(std::uint8_t* p, F x) { std::memcpy(p, x.lane, sizeof x.lane); }
  static void store_bf16(std::uint8_t* p, F x) {
    std::uint16_t raw[16];
    for (int i = 0; i < 16; ++i) raw[i] = narrow_bf16(x.lane[i]);
    std::memcpy(p, raw, sizeof raw);
  }
  static void store_f16(std::uint8_t* p, F x) {
    std::uint16_t raw[16];
    for (int i = 0; i < 16; ++i) raw[i] = narrow_f16(x.lane[i]);
    std::memcpy(p, raw, sizeof raw);
  }
  static void store_u32(std::uint32_t* p, U x) { std::memcpy(p, x.lane, sizeof x.lane); }

  // 32 numbers at p as those at even and at odd places.
  static void load_bf16_pair(const std::uint8_t* p, F& even, F& odd) {
    std::uint16_t raw[32];
    std::memcpy(raw, p, sizeof raw);
    even = map<F>([&](int i) { return widen_bf16(raw[2 * i]); });
    odd = map<F>([&](int i) { return widen_bf16(raw[2 * i + 1]); });
  }
  // The reverse, for what is not NaN; gives what it stores.
  static U store_bf16_pair(std::uint8_t* p, F even, F odd) {
    const U packed = map<U>([&](int i) {
      return static_cast<std::uint32_t>(narrow_bf16(even.lane[i])) | static_cast<std::uint32_t>(narrow_bf16(odd.lane[i])) << 16;
    });
    std::memcpy(p, packed.lane, sizeof packed.lane);
    return packed;
  }
  // The larger of each two 16-bit halves.
  static U max_halves(U a, U b) {
    return map<U>([&](int i) {
      return std::max(a.lane[i] & 0xffffu, b.lane[i] & 0xffffu) | std::max(a.lane[i] >> 16, b.lane[i] >> 16) << 16;
    });
  }

  static F set(float value) { return map<F>([&](int) { return value; }); }
  static U set_u(std::uint32_t value) { return map<U>([&](int) { return value; }); }
  static F add(F a, F b) { return map<F>([&](int i) { return a.lane[i] + b.lane[i]; }); }
  static F sub(F a, F b) { return map<F>([&](int i) { return a.lane[i] - b.lane[i]; }); }
  static F mul(F a, F b) { return map<F>([&](int i) { return a.lane[i] * b.lane[i]; }); }
  static F div(F a, F b) { return map<F>([&](int i) { return a.lane[i] / b.lane[i]; }); }
  static F as_float(U x) { return map<F>([&](int i) { return std::bit_cast<float>(x.lane[i]); }); }
  static U bits(F x) { return map<U>([&](int i) { return std::bit_cast<std::uint32_t>(x.lane[i]); }); }
  static U add_u(U a, U b) { return map<U>([&](int i) { return a.lane[i] + b.lane[i]; }); }
  static U sub_u(U a, U b) { return map<U>([&](int i) { return a.lane[i] - b.lane[i]; }); }
  static U and_u(U a, U b) { return map<U>([&](int i) { return a.lane[i] & b.lane[i]; }); }
  static F xor_f(F a, F b) {
    return map<F>([&](int i) {
      return std::bit_cast<float>(std::bit_cast<std::uint32_t>(a.lane[i]) ^ std::bit_cast<std::uint32_t>(b.lane[i]));
    });
  }
  static U max_u(U a, U b) { return map<U>([&](int i) { return std::max(a.lane[i], b.lane[i]); }); }
  static std::uint32_t largest(U x) { return *std::max_element(x.lane, x.lane + 16); }

  static M less(F a, F b) { return test([&](int i) { return a.lane[i] < b.lane[i]; }); }
  static M equal(F a, F b) { return test([&](int i) { return a.lane[i] == b.lane[i]; }); }
  // Unsigned compares of values below 2^31.
  static M greater_u(U a, U b) { return test([&](int i) { return a.lane[i] > b.lane[i]; }); }
  static M equal_u(U a, U b) { return test([&](int i) { return a.lane[i] == b.lane[i]; }); }
  static M both(M a, M b) { return a & b; }
  static M either(M a, M b) { return a | b; }
  static M without(M a, M b) { return a & ~b; }  // a and not b
  static M none() { return 0; }
  static M differ(M a, M b) { return a ^ b; }
  // The lanes with a set sign bit, also of zeros.
  static M has_sign(F x) { return test([&](int i) { return std::bit_cast<std::uint32_t>(x.lane[i]) >> 31; }); }
  // The lanes of m with a set sign bit, and those without.
  static M signed_where(M m, F x) { return both(m, has_sign(x)); }
  static M unsigned_where(M m, F x) { return without(m, has_sign(x)); }
  // The lanes of m with a >= b, of values below 2^31.
  static M at_least_where(M m, U a, U b) { return without(m, greater_u(b, a)); }
  // A count of lanes, summed up at the end.
  struct Counter {
    std::uint64_t sum = 0;
    void add(M m) { sum += static_cast<std::uint64_t>(__builtin_popcount(m)); }
    std::uint64_t total() const { return sum; }
  };
  static M from_bits(std::uint32_t lanes) { return lanes; }
  static std::uint32_t to_bits(M m) { return m; }

  // The same mask, for logic that does not select lanes of vectors.
  static M aside(M m) { return m; }
  // Whether storing a mask is as cheap as counting it.
  static constexpr bool kStoresMasks = false;
  static void store_mask(std::uint16_t* p, M m) { *p = static_cast<std::uint16_t>(m); }

  // a + b in the lanes of m, a in the others; for an `a` that is never -0.
  static F add_where(M m, F a, F b) { return map<F>([&](int i) { return (m >> i) & 1 ? a.lane[i] + b.lane[i] : a.lane[i]; }); }
  static M is_nonzero(F x) { return test([&](int i) { return (std::bit_cast<std::uint32_t>(x.lane[i]) << 1) != 0; }); }
  static F keep(M m, F x) { return map<F>([&](int i) { return (m >> i) & 1 ? x.lane[i] : 0.0f; }); }
  static F select(M m, F a, F b) { return map<F>([&](int i) { return (m >> i) & 1 ? a.lane[i] : b.lane[i]; }); }
  static U select_u(M m, U a, U b) { return map<U>([&](int i) { return (m >> i) & 1 ? a.lane[i] : b.lane[i]; }); }

  // Writes the lanes of m in order, and gives their number. Up to 16 entries of p are overwritten.
  static int compress(std::uint32_t* p, M m, U x) {
    int count = 0;
    for (int i = 0; i < 16; ++i)
      if ((m >> i) & 1) p[count++] = x.lane[i];
    return count;
  }
  // The low bits of `bits`, in order, to the set lanes of `lanes`.
  static std::uint32_t deposit(std::uint32_t bits, std::uint32_t lanes) {
    std::uint32_t out = 0;
    for (; lanes != 0; lanes &= lanes - 1, bits >>= 1)
      if (bits & 1) out |= lanes & (0u - lanes);
    return out;
  }
  // The reverse: the bits at the set lanes of `lanes`, in order.
  static std::uint32_t extract(std::uint32_t bits, std::uint32_t lanes) {
    std::uint32_t out = 0;
    for (int at = 0; lanes != 0; lanes &= lanes - 1, ++at)
      if (bits & lanes & (0u - lanes)) out |= 1u << at;
    return out;
  }

  static D zero_d() { return map<D>([](int) { return 0.0; }); }
  static D add_d(D sum, F x) { return map<D>([&](int i) { return sum.lane[i] + static_cast<double>(x.lane[i]); }); }
  // sum + a * a, in f64 with one rounding each.
  static D add_square_d(D sum, F a) {
    return map<D>([&](int i) {
      const double wide = static_cast<double>(a.lane[i]);
      const double square = wide * wide;
      return sum.lane[i] + square;
    });
  }
  static void store_d(double* p, D x) { std::memcpy(p, x.lane, sizeof x.lane); }
  static D widen(F x) { return map<D>([&](int i) { return static_cast<double>(x.lane[i]); }); }
  static F narrow(D x) { return map<F>([&](int i) { return static_cast<float>(x.lane[i]); }); }
  static D set_d(double value) { return map<D>([&](int) { return value; }); }
  static D add_d(D a, D b) { return map<D>([&](int i) { return a.lane[i] + b.lane[i]; }); }
  static D mul_d(D a, D b) { return map<D>([&](int i) { return a.lane[i] * b.lane[i]; }); }
  static D div_d(D a, D b) { return map<D>([&](int i) { return a.lane[i] / b.lane[i]; }); }
  static D keep_d(M m, D x) { return map<D>([&](int i) { return (m >> i) & 1 ? x.lane[i] : 0.0; }); }
  // widen(x), where it is one of many things done with x.
  static D widen_aside(F x) { return widen(x); }
  // sum + x in the lanes of m; `sum` is never -0.
  static F add_kept(F sum, M m, F x) { return map<F>([&](int i) { return (m >> i) & 1 ? sum.lane[i] + x.lane[i] : sum.lane[i]; }); }
  static D abs_d(D x) { return map<D>([&](int i) { return std::bit_cast<double>(std::bit_cast<std::uint64_t>(x.lane[i]) & ~(std::uint64_t{1} << 63)); }); }
  // sum + x in the lanes of m; `sum` is never -0.
  static D add_kept_d(D sum, M m, D x) { return map<D>([&](int i) { return (m >> i) & 1 ? sum.lane[i] + x.lane[i] : sum.lane[i]; }); }
  // sum + a * b in the lanes of m, for a and b widened from f32: their product is exact, so that a fused operation
  // rounds as two do. `sum` is never -0.
  static D add_product_d(D sum, M m, D a, D b) { return add_kept_d(sum, m, mul_d(a, b)); }
  static D add_product_d(D sum, D a, D b) { return add_d(sum, mul_d(a, b)); }
  // Sums of what stands at even and at odd places of 32 elements: lane i takes element 2i, then 2i + 16; lane 8 + i the
  // next ones. The same additions in the same order as those of lanes by place.
  template <class Op>
  static D add_places(D sum, Op op) {
    return map<D>([&](int i) {
      const bool odd = i >= 8;
      return op(op(sum.lane[i], odd, i % 8), odd, i % 8 + 8);
    });
  }
  static D add_pair_d(D sum, D even, D odd) {
    return add_places(sum, [&](double own, bool is_odd, int i) { return own + (is_odd ? odd : even).lane[i]; });
  }
  static D add_pair_d(D sum, M in_even, M in_odd, D even, D odd) {
    return add_places(sum, [&](double own, bool is_odd, int i) {
      return ((is_odd ? in_odd : in_even) >> i) & 1 ? own + (is_odd ? odd : even).lane[i] : own;
    });
  }
  // As add_product_d, of pairs.
  static D add_product_pair_d(D sum, D even_a, D even_b, D odd_a, D odd_b) {
    return add_pair_d(sum, mul_d(even_a, even_b), mul_d(odd_a, odd_b));
  }
  static D add_product_pair_d(D sum, M in_even, M in_odd, D even_a, D even_b, D odd_a, D odd_b) {
    return add_pair_d(sum, in_even, in_odd, mul_d(even_a, even_b), mul_d(odd_a, odd_b));
  }
  // x, with 1 where it is 0.
  static D one_for_zero(D x) { return map<D>([&](int i) { return x.lane[i] == 0.0 ? 1.0 : x.lane[i]; }); }
};
