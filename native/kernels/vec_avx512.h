// The logical 16-lane vector as one AVX-512 register (F, BW, DQ, VL). Included inside a set's namespace.
// AVX512-BF16's conversions are not used: they flush denormals.

struct Vec {
  static constexpr bool kSpecializes = true;
  using F = __m512;
  using U = __m512i;
  struct D { __m512d low, high; };
  using M = __mmask16;

  static F load_f32(const std::uint8_t* p) { return _mm512_loadu_ps(p); }
  static F load_bf16(const std::uint8_t* p) {
    const __m256i raw = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    return _mm512_castsi512_ps(_mm512_slli_epi32(_mm512_cvtepu16_epi32(raw), 16));
  }
  static F load_f16(const std::uint8_t* p) {
    return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(p)));
  }
  static void store_f32(std::uint8_t* p, F x) { _mm512_storeu_ps(p, x); }
  static void store_bf16(std::uint8_t* p, F x) {
    const U raw = _mm512_castps_si512(x);
    const U odd = _mm512_and_si512(_mm512_srli_epi32(raw, 16), _mm512_set1_epi32(1));
    const U rounded = _mm512_add_epi32(_mm512_add_epi32(raw, _mm512_set1_epi32(0x7fff)), odd);
    const M nan = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q);
    const U quiet = _mm512_mask_or_epi32(rounded, nan, raw, _mm512_set1_epi32(0x400000));
    const U bits = _mm512_srli_epi32(quiet, 16);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), _mm512_cvtepi32_epi16(bits));
  }
  static void store_f16(std::uint8_t* p, F x) {
    const __m256i raw = _mm512_cvtps_ph(x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(p), raw);
  }
  static void store_u32(std::uint32_t* p, U x) { _mm512_storeu_si512(p, x); }

  // 32 numbers at p as those at even and at odd places: an instruction each, where load_bf16 takes two.
  static void load_bf16_pair(const std::uint8_t* p, F& even, F& odd) {
    const U raw = _mm512_loadu_si512(p);
    even = _mm512_castsi512_ps(_mm512_slli_epi32(raw, 16));
    odd = _mm512_castsi512_ps(_mm512_and_si512(raw, set_u(0xffff0000u)));
  }
  static U round_to_bf16(F x) {
    const U raw = _mm512_castps_si512(x);
    const U is_odd = _mm512_and_si512(_mm512_srli_epi32(raw, 16), set_u(1));
    return _mm512_add_epi32(_mm512_add_epi32(raw, set_u(0x7fff)), is_odd);
  }
  // The reverse, for what is not NaN; gives what it stores.
  static U store_bf16_pair(std::uint8_t* p, F even, F odd) {
    const U packed = _mm512_mask_blend_epi16(0xaaaaaaaau, _mm512_srli_epi32(round_to_bf16(even), 16), round_to_bf16(odd));
    _mm512_storeu_si512(p, packed);
    return packed;
  }
  static U max_halves(U a, U b) { return _mm512_max_epu16(a, b); }

  static F set(float value) { return _mm512_set1_ps(value); }
  static U set_u(std::uint32_t value) { return _mm512_set1_epi32(static_cast<int>(value)); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F sub(F a, F b) { return _mm512_sub_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static F div(F a, F b) { return _mm512_div_ps(a, b); }
  static F as_float(U x) { return _mm512_castsi512_ps(x); }
  static U bits(F x) { return _mm512_castps_si512(x); }
  static U add_u(U a, U b) { return _mm512_add_epi32(a, b); }
  static U sub_u(U a, U b) { return _mm512_sub_epi32(a, b); }
  static U and_u(U a, U b) { return _mm512_and_si512(a, b); }
  static F xor_f(F a, F b) { return _mm512_xor_ps(a, b); }
  static U max_u(U a, U b) { return _mm512_max_epu32(a, b); }
  static std::uint32_t largest(U x) { return _mm512_reduce_max_epu32(x); }

  static M less(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ); }
  static M equal(F a, F b) { return _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ); }
  static M greater_u(U a, U b) { return _mm512_cmpgt_epu32_mask(a, b); }
  static M equal_u(U a, U b) { return _mm512_cmpeq_epi32_mask(a, b); }
  static M both(M a, M b) { return static_cast<M>(a & b); }
  static M either(M a, M b) { return static_cast<M>(a | b); }
  static M without(M a, M b) { return static_cast<M>(a & ~b); }
  static M none() { return 0; }
  static M differ(M a, M b) { return static_cast<M>(a ^ b); }
  static M has_sign(F x) { return _mm512_movepi32_mask(_mm512_castps_si512(x)); }
  static M signed_where(M m, F x) {
    return _mm512_mask_test_epi32_mask(m, _mm512_castps_si512(x), set_u(0x80000000u));
  }
  static M unsigned_where(M m, F x) {
    return _mm512_mask_testn_epi32_mask(m, _mm512_castps_si512(x), set_u(0x80000000u));
  }
  static M at_least_where(M m, U a, U b) { return _mm512_mask_cmpge_epu32_mask(m, a, b); }
  // In lanes, each below 2^32: a call counts a chunk. One instruction a mask; popcnt would need four.
  struct Counter {
    U lanes;
    Counter() : lanes(_mm512_setzero_si512()) {}
    // Spelt out: GCC 12 copies the register before and after the intrinsic's masked addition.
    TIESMITH_INLINE void add(M m) {
      asm("vpaddd {%2, %0, %0%{%1%}|%0%{%1%}, %0, %2}" : "+v"(lanes) : "Yk"(m), "v"(_mm512_set1_epi32(1)));
    }
    void add_stored(const std::uint16_t* masks, std::size_t count) {
      add_words(count, [&](std::size_t i) { return _mm512_loadu_si512(masks + i); });
    }
    // Without the lanes that `others` have.
    void add_stored_without(const std::uint16_t* masks, const std::uint16_t* others, std::size_t count) {
      add_words(count, [&](std::size_t i) {
        return _mm512_andnot_si512(_mm512_loadu_si512(others + i), _mm512_loadu_si512(masks + i));
      });
    }
    // 32 masks at a time, at most 512: by the bits of each half byte, six instructions.
    template <class Words>
    TIESMITH_INLINE void add_words(std::size_t count, Words words) {
      const U halves = _mm512_set1_epi8(0x0f);
      const U bits_of = _mm512_broadcast_i32x4(_mm_setr_epi8(0, 1, 1, 2, 1, 2, 2, 3, 1, 2, 2, 3, 2, 3, 3, 4));
      U bytes = _mm512_setzero_si512();
      for (std::size_t i = 0; i < count; i += 32) {
        const U some = words(i);
        const U low = _mm512_shuffle_epi8(bits_of, _mm512_and_si512(some, halves));
        const U high = _mm512_shuffle_epi8(bits_of, _mm512_and_si512(_mm512_srli_epi16(some, 4), halves));
        bytes = _mm512_add_epi8(bytes, _mm512_add_epi8(low, high));
      }
      lanes = _mm512_add_epi32(lanes, _mm512_sad_epu8(bytes, _mm512_setzero_si512()));
    }
    std::uint64_t total() const {
      std::uint32_t lane[16];
      store_u32(lane, lanes);
      std::uint64_t sum = 0;
      for (const std::uint32_t count : lane) sum += count;
      return sum;
    }
  };
  static M from_bits(std::uint32_t lanes) { return static_cast<M>(lanes); }
  // The move is spelt out: GCC 12.2 at -O3 spills a mask that was widened implicitly by a 16-bit store, and
  // reads 32 bits back, the upper ones left over from other code (kernel_test found it in combine_ties).
  static std::uint32_t to_bits(M m) {
    std::uint32_t lanes;
    asm("kmovw {%1, %0|%0, %1}" : "=r"(lanes) : "k"(m));
    return lanes;
  }

  // A mask for logic outside of mask registers, whose moves take the ports that arithmetic needs: by way of memory.
  static M aside(M m) {
    std::uint16_t lanes;
    asm("kmovw {%1, %0|%0, %1}" : "=m"(lanes) : "k"(m));
    return lanes;
  }
  static constexpr bool kStoresMasks = true;
  static void store_mask(std::uint16_t* p, M m) { _store_mask16(reinterpret_cast<__mmask16*>(p), m); }

  static F add_where(M m, F a, F b) { return _mm512_mask_add_ps(a, m, a, b); }
  static M is_nonzero(F x) { return _mm512_test_epi32_mask(_mm512_castps_si512(x), set_u(0x7fffffffu)); }
  static F keep(M m, F x) { return _mm512_maskz_mov_ps(m, x); }
  static F select(M m, F a, F b) { return _mm512_mask_mov_ps(b, m, a); }
  static U select_u(M m, U a, U b) { return _mm512_mask_mov_epi32(b, m, a); }

  static int compress(std::uint32_t* p, M m, U x) {
    // In a register first: the memory form of vpcompressd is microcoded on some CPUs.
    _mm512_storeu_si512(p, _mm512_maskz_compress_epi32(m, x));
    return __builtin_popcount(to_bits(m));
  }
  static std::uint32_t deposit(std::uint32_t bits, std::uint32_t lanes) { return _pdep_u32(bits, lanes); }
  static std::uint32_t extract(std::uint32_t bits, std::uint32_t lanes) { return _pext_u32(bits, lanes); }

  static D zero_d() { return {_mm512_setzero_pd(), _mm512_setzero_pd()}; }
  static __m512d low_half(F x) { return _mm512_cvtps_pd(_mm512_castps512_ps256(x)); }
  static __m512d high_half(F x) { return _mm512_cvtps_pd(_mm512_extractf32x8_ps(x, 1)); }
  static D add_d(D sum, F x) {
    return {_mm512_add_pd(sum.low, low_half(x)), _mm512_add_pd(sum.high, high_half(x))};
  }
  static D add_square_d(D sum, F a) {
    const __m512d low = low_half(a), high = high_half(a);
    return {_mm512_add_pd(sum.low, _mm512_mul_pd(low, low)), _mm512_add_pd(sum.high, _mm512_mul_pd(high, high))};
  }
  static void store_d(double* p, D x) {
    _mm512_storeu_pd(p, x.low);
    _mm512_storeu_pd(p + 8, x.high);
  }
  static D widen(F x) { return {low_half(x), high_half(x)}; }
  static F narrow(D x) { return _mm512_insertf32x8(_mm512_castps256_ps512(_mm512_cvtpd_ps(x.low)), _mm512_cvtpd_ps(x.high), 1); }
  static D set_d(double value) { return {_mm512_set1_pd(value), _mm512_set1_pd(value)}; }
  static D add_d(D a, D b) { return {_mm512_add_pd(a.low, b.low), _mm512_add_pd(a.high, b.high)}; }
  static D mul_d(D a, D b) { return {_mm512_mul_pd(a.low, b.low), _mm512_mul_pd(a.high, b.high)}; }
  static D div_d(D a, D b) { return {_mm512_div_pd(a.low, b.low), _mm512_div_pd(a.high, b.high)}; }
  static D keep_d(M m, D x) {
    return {_mm512_maskz_mov_pd(static_cast<__mmask8>(m), x.low), _mm512_maskz_mov_pd(static_cast<__mmask8>(m >> 8), x.high)};
  }
  // By way of memory, whose ports are idle: from a register the conversion takes two more shuffles, on the port that
  // masks and conversions wait for. The empty asm keeps the compiler from seeing through it.
  static D widen_aside(F x) {
    alignas(64) float lane[16];
    _mm512_store_ps(lane, x);
    asm("" : "+m"(lane));
    return {_mm512_cvtps_pd(_mm256_load_ps(lane)), _mm512_cvtps_pd(_mm256_load_ps(lane + 8))};
  }
  static F add_kept(F sum, M m, F x) { return _mm512_mask_add_ps(sum, m, sum, x); }
  static D abs_d(D x) { return {_mm512_abs_pd(x.low), _mm512_abs_pd(x.high)}; }
  static D add_kept_d(D sum, M m, D x) {
    return {_mm512_mask_add_pd(sum.low, static_cast<__mmask8>(m), sum.low, x.low),
            _mm512_mask_add_pd(sum.high, static_cast<__mmask8>(m >> 8), sum.high, x.high)};
  }
  static D add_product_d(D sum, M m, D a, D b) {
    return {_mm512_mask3_fmadd_pd(a.low, b.low, sum.low, static_cast<__mmask8>(m)),
            _mm512_mask3_fmadd_pd(a.high, b.high, sum.high, static_cast<__mmask8>(m >> 8))};
  }
  static D add_product_d(D sum, D a, D b) {
    return {_mm512_fmadd_pd(a.low, b.low, sum.low), _mm512_fmadd_pd(a.high, b.high, sum.high)};
  }
  static D add_pair_d(D sum, D even, D odd) {
    return {_mm512_add_pd(_mm512_add_pd(sum.low, even.low), even.high),
            _mm512_add_pd(_mm512_add_pd(sum.high, odd.low), odd.high)};
  }
  static __m512d add_kept_halves(__m512d sum, M m, D x) {
    const __m512d first = _mm512_mask_add_pd(sum, static_cast<__mmask8>(m), sum, x.low);
    return _mm512_mask_add_pd(first, static_cast<__mmask8>(m >> 8), first, x.high);
  }
  static D add_pair_d(D sum, M in_even, M in_odd, D even, D odd) {
    return {add_kept_halves(sum.low, in_even, even), add_kept_halves(sum.high, in_odd, odd)};
  }
  static D add_product_pair_d(D sum, D even_a, D even_b, D odd_a, D odd_b) {
    return {_mm512_fmadd_pd(even_a.high, even_b.high, _mm512_fmadd_pd(even_a.low, even_b.low, sum.low)),
            _mm512_fmadd_pd(odd_a.high, odd_b.high, _mm512_fmadd_pd(odd_a.low, odd_b.low, sum.high))};
  }
  static __m512d add_product_halves(__m512d sum, M m, D a, D b) {
    const __m512d first = _mm512_mask3_fmadd_pd(a.low, b.low, sum, static_cast<__mmask8>(m));
    return _mm512_mask3_fmadd_pd(a.high, b.high, first, static_cast<__mmask8>(m >> 8));
  }
  static D add_product_pair_d(D sum, M in_even, M in_odd, D even_a, D even_b, D odd_a, D odd_b) {
    return {add_product_halves(sum.low, in_even, even_a, even_b), add_product_halves(sum.high, in_odd, odd_a, odd_b)};
  }
  static __m512d one_for_zero_half(__m512d x) {
    return _mm512_mask_mov_pd(x, _mm512_cmp_pd_mask(x, _mm512_setzero_pd(), _CMP_EQ_OQ), _mm512_set1_pd(1.0));
  }
  static D one_for_zero(D x) { return {one_for_zero_half(x.low), one_for_zero_half(x.high)}; }
};
