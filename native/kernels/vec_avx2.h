// The logical 16-lane vector as two AVX2 registers (with F16C and BMI2). Included inside a set's namespace.

struct Vec {
  static constexpr bool kSpecializes = true;
  struct F { __m256 low, high; };
  struct U { __m256i low, high; };
  struct D { __m256d part[4]; };
  struct M { __m256i low, high; };  // all ones or all zeros a lane

  static __m256i load_raw(const std::uint8_t* p) { return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)); }
  static __m128i load_half(const std::uint8_t* p) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
  static F load_f32(const std::uint8_t* p) {
    return {_mm256_castsi256_ps(load_raw(p)), _mm256_castsi256_ps(load_raw(p + 32))};
  }
  static __m256 widen_half(__m128i raw) {
    return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_cvtepu16_epi32(raw), 16));
  }
  static F load_bf16(const std::uint8_t* p) { return {widen_half(load_half(p)), widen_half(load_half(p + 16))}; }
  static F load_f16(const std::uint8_t* p) {
    return {_mm256_cvtph_ps(load_half(p)), _mm256_cvtph_ps(load_half(p + 16))};
  }
  static void store_f32(std::uint8_t* p, F x) {
    _mm256_storeu_ps(reinterpret_cast<float*>(p), x.low);
    _mm256_storeu_ps(reinterpret_cast<float*>(p + 32), x.high);
  }
  static __m256i narrow_half(__m256 x) {
    const __m256i raw = _mm256_castps_si256(x);
    const __m256i odd = _mm256_and_si256(_mm256_srli_epi32(raw, 16), _mm256_set1_epi32(1));
    const __m256i rounded = _mm256_add_epi32(_mm256_add_epi32(raw, _mm256_set1_epi32(0x7fff)), odd);
    const __m256i quiet = _mm256_or_si256(raw, _mm256_set1_epi32(0x400000));
    const __m256i nan = _mm256_castps_si256(_mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    return _mm256_srli_epi32(_mm256_blendv_epi8(rounded, quiet, nan), 16);
  }
  static void store_bf16(std::uint8_t* p, F x) {
    // packus works within 128-bit halves; the permutation puts the four quarters back in order.
    const __m256i packed = _mm256_packus_epi32(narrow_half(x.low), narrow_half(x.high));
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm256_permute4x64_epi64(packed, 0xd8));
  }
  static void store_f16(std::uint8_t* p, F x) {
    constexpr int mode = _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC;
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p), _mm256_cvtps_ph(x.low, mode));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(p + 16), _mm256_cvtps_ph(x.high, mode));
  }
  static void store_u32(std::uint32_t* p, U x) {
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), x.low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 8), x.high);
  }

  // 32 numbers at p as those at even and at odd places.
  static void load_bf16_pair(const std::uint8_t* p, F& even, F& odd) {
    const __m256i low = load_raw(p), high = load_raw(p + 32), upper = _mm256_set1_epi32(static_cast<int>(0xffff0000u));
    even = as_float({_mm256_slli_epi32(low, 16), _mm256_slli_epi32(high, 16)});
    odd = as_float({_mm256_and_si256(low, upper), _mm256_and_si256(high, upper)});
  }
  static __m256i round_to_bf16(__m256 x) {
    const __m256i raw = _mm256_castps_si256(x);
    const __m256i is_odd = _mm256_and_si256(_mm256_srli_epi32(raw, 16), _mm256_set1_epi32(1));
    return _mm256_add_epi32(_mm256_add_epi32(raw, _mm256_set1_epi32(0x7fff)), is_odd);
  }
  static __m256i pack_bf16(__m256 even, __m256 odd) {
    return _mm256_blend_epi16(_mm256_srli_epi32(round_to_bf16(even), 16), round_to_bf16(odd), 0xaa);
  }
  // The reverse, for what is not NaN; gives what it stores.
  static U store_bf16_pair(std::uint8_t* p, F even, F odd) {
    const U packed{pack_bf16(even.low, odd.low), pack_bf16(even.high, odd.high)};
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), packed.low);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p + 32), packed.high);
    return packed;
  }
  static U max_halves(U a, U b) { return {_mm256_max_epu16(a.low, b.low), _mm256_max_epu16(a.high, b.high)}; }

  static F set(float value) { return {_mm256_set1_ps(value), _mm256_set1_ps(value)}; }
  static U set_u(std::uint32_t value) {
    const __m256i all = _mm256_set1_epi32(static_cast<int>(value));
    return {all, all};
  }
  static F add(F a, F b) { return {_mm256_add_ps(a.low, b.low), _mm256_add_ps(a.high, b.high)}; }
  static F sub(F a, F b) { return {_mm256_sub_ps(a.low, b.low), _mm256_sub_ps(a.high, b.high)}; }
  static F mul(F a, F b) { return {_mm256_mul_ps(a.low, b.low), _mm256_mul_ps(a.high, b.high)}; }
  static F div(F a, F b) { return {_mm256_div_ps(a.low, b.low), _mm256_div_ps(a.high, b.high)}; }
  static F as_float(U x) { return {_mm256_castsi256_ps(x.low), _mm256_castsi256_ps(x.high)}; }
  static U bits(F x) { return {_mm256_castps_si256(x.low), _mm256_castps_si256(x.high)}; }
  static U add_u(U a, U b) { return {_mm256_add_epi32(a.low, b.low), _mm256_add_epi32(a.high, b.high)}; }
  static U sub_u(U a, U b) { return {_mm256_sub_epi32(a.low, b.low), _mm256_sub_epi32(a.high, b.high)}; }
  static U and_u(U a, U b) { return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)}; }
  static F xor_f(F a, F b) { return {_mm256_xor_ps(a.low, b.low), _mm256_xor_ps(a.high, b.high)}; }
  static U max_u(U a, U b) { return {_mm256_max_epu32(a.low, b.low), _mm256_max_epu32(a.high, b.high)}; }
  static std::uint32_t largest(U x) {
    std::uint32_t lane[8];
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(lane), _mm256_max_epu32(x.low, x.high));
    return *std::max_element(lane, lane + 8);
  }

  static M mask(__m256 low, __m256 high) { return {_mm256_castps_si256(low), _mm256_castps_si256(high)}; }
  static M less(F a, F b) {
    return mask(_mm256_cmp_ps(a.low, b.low, _CMP_LT_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_LT_OQ));
  }
  static M equal(F a, F b) {
    return mask(_mm256_cmp_ps(a.low, b.low, _CMP_EQ_OQ), _mm256_cmp_ps(a.high, b.high, _CMP_EQ_OQ));
  }
  static M greater_u(U a, U b) { return {_mm256_cmpgt_epi32(a.low, b.low), _mm256_cmpgt_epi32(a.high, b.high)}; }
  static M equal_u(U a, U b) { return {_mm256_cmpeq_epi32(a.low, b.low), _mm256_cmpeq_epi32(a.high, b.high)}; }
  static M both(M a, M b) { return {_mm256_and_si256(a.low, b.low), _mm256_and_si256(a.high, b.high)}; }
  static M either(M a, M b) { return {_mm256_or_si256(a.low, b.low), _mm256_or_si256(a.high, b.high)}; }
  static M without(M a, M b) { return {_mm256_andnot_si256(b.low, a.low), _mm256_andnot_si256(b.high, a.high)}; }
  static M none() { return {_mm256_setzero_si256(), _mm256_setzero_si256()}; }
  static M differ(M a, M b) { return {_mm256_xor_si256(a.low, b.low), _mm256_xor_si256(a.high, b.high)}; }
  static M has_sign(F x) {
    return {_mm256_srai_epi32(_mm256_castps_si256(x.low), 31), _mm256_srai_epi32(_mm256_castps_si256(x.high), 31)};
  }
  static M signed_where(M m, F x) { return both(m, has_sign(x)); }
  static M unsigned_where(M m, F x) { return without(m, has_sign(x)); }
  static M at_least_where(M m, U a, U b) { return without(m, greater_u(b, a)); }
  // In lanes, each below 2^32: a call counts a chunk. A set lane of a mask is -1.
  struct Counter {
    U lanes;
    Counter() : lanes(set_u(0)) {}
    TIESMITH_INLINE void add(M m) {
      lanes = {_mm256_sub_epi32(lanes.low, m.low), _mm256_sub_epi32(lanes.high, m.high)};
    }
    std::uint64_t total() const { return sum_lanes(lanes); }
  };
  static std::uint64_t sum_lanes(U counts) {
    std::uint32_t lane[16];
    store_u32(lane, counts);
    std::uint64_t sum = 0;
    for (const std::uint32_t count : lane) sum += count;
    return sum;
  }
  static __m256i spread_bits(std::uint32_t lanes) {
    const __m256i one_each = _mm256_setr_epi32(1, 2, 4, 8, 16, 32, 64, 128);
    const __m256i all = _mm256_set1_epi32(static_cast<int>(lanes));
    return _mm256_cmpeq_epi32(_mm256_and_si256(all, one_each), one_each);
  }
  static M from_bits(std::uint32_t lanes) { return {spread_bits(lanes & 0xff), spread_bits(lanes >> 8)}; }
  static std::uint32_t to_bits(M m) {
    return static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(m.low))) |
           static_cast<std::uint32_t>(_mm256_movemask_ps(_mm256_castsi256_ps(m.high))) << 8;
  }

  static M aside(M m) { return m; }
  static constexpr bool kStoresMasks = false;
  static void store_mask(std::uint16_t* p, M m) { *p = static_cast<std::uint16_t>(to_bits(m)); }

  static F add_where(M m, F a, F b) { return add(a, keep(m, b)); }
  static M is_nonzero(F x) { return greater_u(and_u(bits(x), set_u(0x7fffffffu)), set_u(0)); }
  static F keep(M m, F x) {
    return {_mm256_and_ps(_mm256_castsi256_ps(m.low), x.low), _mm256_and_ps(_mm256_castsi256_ps(m.high), x.high)};
  }
  static F select(M m, F a, F b) {
    return {_mm256_blendv_ps(b.low, a.low, _mm256_castsi256_ps(m.low)),
            _mm256_blendv_ps(b.high, a.high, _mm256_castsi256_ps(m.high))};
  }
  static U select_u(M m, U a, U b) {
    return {_mm256_blendv_epi8(b.low, a.low, m.low), _mm256_blendv_epi8(b.high, a.high, m.high)};
  }

  static int compress(std::uint32_t* p, M m, U x) {
    std::uint32_t lane[16];
    store_u32(lane, x);
    int count = 0;
    for (std::uint32_t left = to_bits(m); left != 0; left &= left - 1) p[count++] = lane[__builtin_ctz(left)];
    return count;
  }
  static std::uint32_t deposit(std::uint32_t bits, std::uint32_t lanes) { return _pdep_u32(bits, lanes); }
  static std::uint32_t extract(std::uint32_t bits, std::uint32_t lanes) { return _pext_u32(bits, lanes); }

  static D zero_d() {
    const __m256d zero = _mm256_setzero_pd();
    return {{zero, zero, zero, zero}};
  }
  static D widen(F x) {
    return {{_mm256_cvtps_pd(_mm256_castps256_ps128(x.low)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.low, 1)),
             _mm256_cvtps_pd(_mm256_castps256_ps128(x.high)), _mm256_cvtps_pd(_mm256_extractf128_ps(x.high, 1))}};
  }
  static D add_d(D sum, F x) {
    const D wide = widen(x);
    for (int i = 0; i < 4; ++i) sum.part[i] = _mm256_add_pd(sum.part[i], wide.part[i]);
    return sum;
  }
  static D add_square_d(D sum, F a) {
    const D wide = widen(a);
    for (int i = 0; i < 4; ++i) sum.part[i] = _mm256_add_pd(sum.part[i], _mm256_mul_pd(wide.part[i], wide.part[i]));
    return sum;
  }
  static void store_d(double* p, D x) {
    for (int i = 0; i < 4; ++i) _mm256_storeu_pd(p + 4 * i, x.part[i]);
  }
  template <class Op>
  static TIESMITH_INLINE D each_d(Op op) { return {{op(0), op(1), op(2), op(3)}}; }
  static F narrow(D x) {
    return {_mm256_set_m128(_mm256_cvtpd_ps(x.part[1]), _mm256_cvtpd_ps(x.part[0])),
            _mm256_set_m128(_mm256_cvtpd_ps(x.part[3]), _mm256_cvtpd_ps(x.part[2]))};
  }
  static D set_d(double value) { return each_d([&](int) { return _mm256_set1_pd(value); }); }
  static D add_d(D a, D b) { return each_d([&](int i) { return _mm256_add_pd(a.part[i], b.part[i]); }); }
  static D mul_d(D a, D b) { return each_d([&](int i) { return _mm256_mul_pd(a.part[i], b.part[i]); }); }
  static D div_d(D a, D b) { return each_d([&](int i) { return _mm256_div_pd(a.part[i], b.part[i]); }); }
  static D keep_d(M m, D x) {
    return each_d([&](int i) {
      const __m256i half = i < 2 ? m.low : m.high;
      const __m128i four = i % 2 == 0 ? _mm256_castsi256_si128(half) : _mm256_extracti128_si256(half, 1);
      return _mm256_and_pd(_mm256_castsi256_pd(_mm256_cvtepi32_epi64(four)), x.part[i]);
    });
  }
  static D widen_aside(F x) { return widen(x); }
  static F add_kept(F sum, M m, F x) { return add(sum, keep(m, x)); }
  static D abs_d(D x) {
    return each_d([&](int i) { return _mm256_andnot_pd(_mm256_set1_pd(-0.0), x.part[i]); });
  }
  static D add_kept_d(D sum, M m, D x) { return add_d(sum, keep_d(m, x)); }
  static D add_product_d(D sum, M m, D a, D b) { return add_kept_d(sum, m, mul_d(a, b)); }
  static D add_product_d(D sum, D a, D b) { return add_d(sum, mul_d(a, b)); }
  static D add_pair_d(D sum, D even, D odd) {
    return each_d([&](int i) {
      const D& x = i < 2 ? even : odd;
      return _mm256_add_pd(_mm256_add_pd(sum.part[i], x.part[i % 2]), x.part[i % 2 + 2]);
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
    return each_d([&](int i) {
      const __m256d zero = _mm256_cmp_pd(x.part[i], _mm256_setzero_pd(), _CMP_EQ_OQ);
      return _mm256_blendv_pd(x.part[i], _mm256_set1_pd(1.0), zero);
    });
  }
};
