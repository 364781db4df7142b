// The logical 16-lane vector as four NEON registers (AArch64). Included inside a set's namespace.

struct Vec {
  static constexpr bool kSpecializes = true;
  struct F { float32x4_t part[4]; };
  struct U { uint32x4_t part[4]; };
  struct D { float64x2_t part[8]; };
  struct M { uint32x4_t part[4]; };  // all ones or all zeros a lane

  template <class T, class Op>
  static T each(Op op) {
    T out;
    for (int i = 0; i < 4; ++i) out.part[i] = op(i);
    return out;
  }

  static F load_f32(const std::uint8_t* p) {
    return each<F>([&](int i) { return vreinterpretq_f32_u8(vld1q_u8(p + 16 * i)); });
  }
  static uint16x4_t load_half(const std::uint8_t* p) { return vreinterpret_u16_u8(vld1_u8(p)); }
  static F load_bf16(const std::uint8_t* p) {
    return each<F>([&](int i) { return vreinterpretq_f32_u32(vshll_n_u16(load_half(p + 8 * i), 16)); });
  }
  static F load_f16(const std::uint8_t* p) {
    return each<F>([&](int i) { return vcvt_f32_f16(vreinterpret_f16_u16(load_half(p + 8 * i))); });
  }
  static void store_f32(std::uint8_t* p, F x) {
    for (int i = 0; i < 4; ++i) vst1q_u8(p + 16 * i, vreinterpretq_u8_f32(x.part[i]));
  }
  static void store_bf16(std::uint8_t* p, F x) {
    for (int i = 0; i < 4; ++i) {
      const uint32x4_t raw = vreinterpretq_u32_f32(x.part[i]);
      const uint32x4_t odd = vandq_u32(vshrq_n_u32(raw, 16), vdupq_n_u32(1));
      const uint32x4_t rounded = vaddq_u32(vaddq_u32(raw, vdupq_n_u32(0x7fff)), odd);
      const uint32x4_t number = vceqq_f32(x.part[i], x.part[i]);
      const uint32x4_t bits = vbslq_u32(number, rounded, vorrq_u32(raw, vdupq_n_u32(0x400000)));
      vst1_u8(p + 8 * i, vreinterpret_u8_u16(vshrn_n_u32(bits, 16)));
    }
  }
  static void store_f16(std::uint8_t* p, F x) {
    for (int i = 0; i < 4; ++i) vst1_u8(p + 8 * i, vreinterpret_u8_f16(vcvt_f16_f32(x.part[i])));
  }
  static void store_u32(std::uint32_t* p, U x) {
    for (int i = 0; i < 4; ++i) vst1q_u32(p + 4 * i, x.part[i]);
  }

  // 32 numbers at p as those at even and at odd places.
  static void load_bf16_pair(const std::uint8_t* p, F& even, F& odd) {
    const auto raw = [&](int i) { return vreinterpretq_u32_u8(vld1q_u8(p + 16 * i)); };
    even = each<F>([&](int i) { return vreinterpretq_f32_u32(vshlq_n_u32(raw(i), 16)); });
    odd = each<F>([&](int i) { return vreinterpretq_f32_u32(vandq_u32(raw(i), vdupq_n_u32(0xffff0000u))); });
  }
  static uint32x4_t round_to_bf16(float32x4_t x) {
    const uint32x4_t raw = vreinterpretq_u32_f32(x);
    const uint32x4_t is_odd = vandq_u32(vshrq_n_u32(raw, 16), vdupq_n_u32(1));
    return vaddq_u32(vaddq_u32(raw, vdupq_n_u32(0x7fff)), is_odd);
  }
  // The reverse, for what is not NaN; gives what it stores.
  static U store_bf16_pair(std::uint8_t* p, F even, F odd) {
    const U packed = each<U>([&](int i) {
      return vbslq_u32(vdupq_n_u32(0xffff0000u), round_to_bf16(odd.part[i]), vshrq_n_u32(round_to_bf16(even.part[i]), 16));
    });
    for (int i = 0; i < 4; ++i) vst1q_u8(p + 16 * i, vreinterpretq_u8_u32(packed.part[i]));
    return packed;
  }
  static U max_halves(U a, U b) {
    return each<U>([&](int i) {
      return vreinterpretq_u32_u16(vmaxq_u16(vreinterpretq_u16_u32(a.part[i]), vreinterpretq_u16_u32(b.part[i])));
    });
  }

  static F set(float value) { return each<F>([&](int) { return vdupq_n_f32(value); }); }
  static U set_u(std::uint32_t value) { return each<U>([&](int) { return vdupq_n_u32(value); }); }
  static F add(F a, F b) { return each<F>([&](int i) { return vaddq_f32(a.part[i], b.part[i]); }); }
  static F sub(F a, F b) { return each<F>([&](int i) { return vsubq_f32(a.part[i], b.part[i]); }); }
  static F mul(F a, F b) { return each<F>([&](int i) { return vmulq_f32(a.part[i], b.part[i]); }); }
  static F div(F a, F b) { return each<F>([&](int i) { return vdivq_f32(a.part[i], b.part[i]); }); }
  static F as_float(U x) { return each<F>([&](int i) { return vreinterpretq_f32_u32(x.part[i]); }); }
  static U bits(F x) { return each<U>([&](int i) { return vreinterpretq_u32_f32(x.part[i]); }); }
  static U add_u(U a, U b) { return each<U>([&](int i) { return vaddq_u32(a.part[i], b.part[i]); }); }
  static U sub_u(U a, U b) { return each<U>([&](int i) { return vsubq_u32(a.part[i], b.part[i]); }); }
  static U and_u(U a, U b) { return each<U>([&](int i) { return vandq_u32(a.part[i], b.part[i]); }); }
  static F xor_f(F a, F b) {
    return each<F>([&](int i) {
      return vreinterpretq_f32_u32(veorq_u32(vreinterpretq_u32_f32(a.part[i]), vreinterpretq_u32_f32(b.part[i])));
    });
  }
  static U max_u(U a, U b) { return each<U>([&](int i) { return vmaxq_u32(a.part[i], b.part[i]); }); }
  static std::uint32_t largest(U x) {
    return vmaxvq_u32(vmaxq_u32(vmaxq_u32(x.part[0], x.part[1]), vmaxq_u32(x.part[2], x.part[3])));
  }

  static M less(F a, F b) { return each<M>([&](int i) { return vcltq_f32(a.part[i], b.part[i]); }); }
  static M equal(F a, F b) { return each<M>([&](int i) { return vceqq_f32(a.part[i], b.part[i]); }); }
  static M greater_u(U a, U b) { return each<M>([&](int i) { return vcgtq_u32(a.part[i], b.part[i]); }); }
  static M equal_u(U a, U b) { return each<M>([&](int i) { return vceqq_u32(a.part[i], b.part[i]); }); }
  static M both(M a, M b) { return each<M>([&](int i) { return vandq_u32(a.part[i], b.part[i]); }); }
  static M either(M a, M b) { return each<M>([&](int i) { return vorrq_u32(a.part[i], b.part[i]); }); }
  static M without(M a, M b) { return each<M>([&](int i) { return vbicq_u32(a.part[i], b.part[i]); }); }
  static M differ(M a, M b) { return each<M>([&](int i) { return veorq_u32(a.part[i], b.part[i]); }); }
  static M has_sign(F x) {
    return each<M>([&](int i) {
      return vreinterpretq_u32_s32(vshrq_n_s32(vreinterpretq_s32_f32(x.part[i]), 31));
    });
  }
  static M signed_where(M m, F x) { return both(m, has_sign(x)); }
  static M unsigned_where(M m, F x) { return without(m, has_sign(x)); }
  static M at_least_where(M m, U a, U b) { return without(m, greater_u(b, a)); }
  // In lanes, each below 2^32: a call counts a chunk. A set lane of a mask is -1.
  struct Counter {
    U lanes;
    Counter() : lanes(set_u(0)) {}
    void add(M m) { lanes = each<U>([&](int i) { return vsubq_u32(lanes.part[i], m.part[i]); }); }
    std::uint64_t total() const {
      std::uint64_t sum = 0;
      for (const uint32x4_t& part : lanes.part) sum += vaddlvq_u32(part);
      return sum;
    }
  };
  static M none() { return each<M>([](int) { return vdupq_n_u32(0); }); }
  static uint32x4_t one_each() {
    const std::uint32_t powers[4] = {1, 2, 4, 8};
    return vld1q_u32(powers);
  }
  static M from_bits(std::uint32_t lanes) {
    return each<M>([&](int i) { return vtstq_u32(vdupq_n_u32(lanes >> (4 * i)), one_each()); });
  }
  static std::uint32_t to_bits(M m) {
    std::uint32_t out = 0;
    for (int i = 0; i < 4; ++i) out |= vaddvq_u32(vandq_u32(m.part[i], one_each())) << (4 * i);
    return out;
  }

  static M aside(M m) { return m; }
  static constexpr bool kStoresMasks = false;
  static void store_mask(std::uint16_t* p, M m) { *p = static_cast<std::uint16_t>(to_bits(m)); }

  static F add_where(M m, F a, F b) { return add(a, keep(m, b)); }
  static M is_nonzero(F x) { return greater_u(and_u(bits(x), set_u(0x7fffffffu)), set_u(0)); }
  static F keep(M m, F x) {
    return each<F>([&](int i) { return vreinterpretq_f32_u32(vandq_u32(m.part[i], vreinterpretq_u32_f32(x.part[i]))); });
  }
  static F select(M m, F a, F b) { return each<F>([&](int i) { return vbslq_f32(m.part[i], a.part[i], b.part[i]); }); }
  static U select_u(M m, U a, U b) { return each<U>([&](int i) { return vbslq_u32(m.part[i], a.part[i], b.part[i]); }); }

  static int compress(std::uint32_t* p, M m, U x) {
    std::uint32_t lane[16];
    store_u32(lane, x);
    int count = 0;
    for (std::uint32_t left = to_bits(m); left != 0; left &= left - 1) p[count++] = lane[__builtin_ctz(left)];
    return count;
  }
  static std::uint32_t deposit(std::uint32_t bits, std::uint32_t lanes) {
    std::uint32_t out = 0;
    for (; lanes != 0; lanes &= lanes - 1, bits >>= 1)
      if (bits & 1) out |= lanes & (0u - lanes);
    return out;
  }
  static std::uint32_t extract(std::uint32_t bits, std::uint32_t lanes) {
    std::uint32_t out = 0;
    for (int at = 0; lanes != 0; lanes &= lanes - 1, ++at)
      if (bits & lanes & (0u - lanes)) out |= 1u << at;
    return out;
  }

  static D zero_d() { return each_d([](int) { return vdupq_n_f64(0.0); }); }
  template <class Op>
  static D each_d(Op op) {
    D out;
    for (int i = 0; i < 8; ++i) out.part[i] = op(i);
    return out;
  }
  static float64x2_t wide(F x, int i) {
    const float32x4_t quarter = x.part[i / 2];
    return i % 2 == 0 ? vcvt_f64_f32(vget_low_f32(quarter)) : vcvt_high_f64_f32(quarter);
  }
  static D add_d(D sum, F x) { return each_d([&](int i) { return vaddq_f64(sum.part[i], wide(x, i)); }); }
  static D add_square_d(D sum, F a) {
    return each_d([&](int i) { return vaddq_f64(sum.part[i], vmulq_f64(wide(a, i), wide(a, i))); });
  }
  static void store_d(double* p, D x) {
    for (int i = 0; i < 8; ++i) vst1q_f64(p + 2 * i, x.part[i]);
  }
  static D widen(F x) { return each_d([&](int i) { return wide(x, i); }); }
  static F narrow(D x) {
    return each<F>([&](int i) { return vcvt_high_f32_f64(vcvt_f32_f64(x.part[2 * i]), x.part[2 * i + 1]); });
  }
  static D set_d(double value) { return each_d([&](int) { return vdupq_n_f64(value); }); }
  static D add_d(D a, D b) { return each_d([&](int i) { return vaddq_f64(a.part[i], b.part[i]); }); }
  static D mul_d(D a, D b) { return each_d([&](int i) { return vmulq_f64(a.part[i], b.part[i]); }); }
  static D div_d(D a, D b) { return each_d([&](int i) { return vdivq_f64(a.part[i], b.part[i]); }); }
  static D keep_d(M m, D x) {
    return each_d([&](int i) {
      const int32x4_t quarter = vreinterpretq_s32_u32(m.part[i / 2]);
      const int64x2_t lanes = i % 2 == 0 ? vmovl_s32(vget_low_s32(quarter)) : vmovl_high_s32(quarter);
      return vreinterpretq_f64_s64(vandq_s64(lanes, vreinterpretq_s64_f64(x.part[i])));
    });
  }
  static D widen_aside(F x) { return widen(x); }
  static F add_kept(F sum, M m, F x) { return add(sum, keep(m, x)); }
  static D abs_d(D x) { return each_d([&](int i) { return vabsq_f64(x.part[i]); }); }
  static D add_kept_d(D sum, M m, D x) { return add_d(sum, keep_d(m, x)); }
  static D add_product_d(D sum, M m, D a, D b) { return add_kept_d(sum, m, mul_d(a, b)); }
  static D add_product_d(D sum, D a, D b) { return add_d(sum, mul_d(a, b)); }
  static D add_pair_d(D sum, D even, D odd) {
    return each_d([&](int i) {
      const D& x = i < 4 ? even : odd;
      return vaddq_f64(vaddq_f64(sum.part[i], x.part[i % 4]), x.part[i % 4 + 4]);
    });
  }
  static D add_pair_d(D sum, M in_even, M in_odd, D even, D odd) {
    return add_pair_d(sum, keep_d(in_even, even), keep_d(in_odd, odd));
  }
  static D add_product_pair_d(D sum, D even_a, D even_b, D odd_a, D odd_b) {
    return add_pair_d(sum, mul_d(even_a, even_b), mul_d(odd_a, odd_b));
  }
  static D add_product_pair_d(D sum, M in_even, M in_odd, D even_a, D even_b, D odd_a, D odd_b) {
    return add_pair_d(sum, in_even, in_odd, mul_d(even_a, even_b), mul_d(odd_a, odd_b));
  }
  static D one_for_zero(D x) {
    return each_d([&](int i) { return vbslq_f64(vceqzq_f64(x.part[i]), vdupq_n_f64(1.0), x.part[i]); });
  }
};
