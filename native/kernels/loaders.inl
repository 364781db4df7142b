// How a vector is read from a source: one loader per dtype, and one that asks each source.
// Included inside a set's namespace, after Vec.

// Elements from the one that is read to the one that is asked for early. Hardware prefetchers stop at each 4 KiB page,
// 2,048 elements of half precision; this reaches over the next boundary in time, and no farther: of 4,096 elements of three
// sources too much leaves the first cache again (a tenth of the time of a draft).
inline constexpr std::size_t kPrefetchElements = 1024;

// `kAhead`: false for runs with gaps between them, where what follows is not read.
template <Dtype kDtype, bool kAhead = true>
struct UniformLoader {
  using OfRuns = UniformLoader<kDtype, false>;
  static constexpr bool kUniform = true;
  static constexpr std::size_t kBytes = dtype_bytes(kDtype);
  static TIESMITH_INLINE Vec::F load(const Source& source, std::size_t element) {
    const std::uint8_t* p = source.bytes + element * kBytes;
    // As an integer: the address may lie past the end of the source.
    if constexpr (kAhead)
      __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + kPrefetchElements * kBytes));
    if constexpr (kDtype == Dtype::F32) return Vec::load_f32(p);
    if constexpr (kDtype == Dtype::F16) return Vec::load_f16(p);
    if constexpr (kDtype == Dtype::BF16) return Vec::load_bf16(p);
  }
};

struct MixedLoader {
  using OfRuns = MixedLoader;
  static constexpr bool kUniform = false;
  static TIESMITH_INLINE Vec::F load(const Source& source, std::size_t element) {
    switch (source.dtype) {
      case Dtype::F32: return UniformLoader<Dtype::F32>::load(source, element);
      case Dtype::F16: return UniformLoader<Dtype::F16>::load(source, element);
      default: return UniformLoader<Dtype::BF16>::load(source, element);
    }
  }
};

// Elements of bf16 that are taken at a time as a pair of vectors.
inline constexpr std::size_t kPairElements = 2 * kLanes;

// Those at even, and those at odd places.
template <bool kAhead = true>
static TIESMITH_INLINE void load_pair(const Source& source, std::size_t element, Vec::F* even_and_odd) {
  const std::uint8_t* p = source.bytes + 2 * element;
  if constexpr (kAhead)
    __builtin_prefetch(reinterpret_cast<const void*>(reinterpret_cast<std::uintptr_t>(p) + 2 * kPrefetchElements));
  Vec::load_bf16_pair(p, even_and_odd[0], even_and_odd[1]);
}

static TIESMITH_INLINE void store(std::uint8_t* bytes, Dtype dtype, Vec::F value) {
  switch (dtype) {
    case Dtype::F32: return Vec::store_f32(bytes, value);
    case Dtype::F16: return Vec::store_f16(bytes, value);
    default: return Vec::store_bf16(bytes, value);
  }
}

static TIESMITH_INLINE Vec::U load_u32(const std::uint32_t* p) {
  return Vec::bits(Vec::load_f32(reinterpret_cast<const std::uint8_t*>(p)));
}

// The magnitude of a float as an integer that orders like it: what cuts compare.
static TIESMITH_INLINE Vec::U key_of(Vec::F value) {
  return Vec::and_u(Vec::bits(value), Vec::set_u(0x7fffffffu));
}

// The last elements of a chunk, fewer than a vector, copied beside zeros so that the one vector body
// serves them. A zero is no task vector, no vote and no conflict; only counts of zeros must be mended.
struct PaddedTail {
  std::uint8_t bytes[kLanes * 4];
  Source source;

  void fill(const Source& from, std::size_t first, std::size_t count) {
    const std::size_t size = dtype_bytes(from.dtype);
    std::memset(bytes, 0, sizeof bytes);
    std::memcpy(bytes, from.bytes + first * size, count * size);
    source = {bytes, from.dtype};
  }
};

// Room for one thing a model: as many as there are where their number is a compile-time constant.
inline constexpr std::size_t kMaxModels = 256;
template <std::size_t kModels>
inline constexpr std::size_t kModelRoom = kModels == 0 ? kMaxModels : kModels;

// The sources of a chunk as a copy that nothing points to: a store to the output could change what is behind a
// pointer, so that compilers would read it again for every vector.
template <std::size_t kModels>
struct Sources {
  Source base{};
  Source models[kModelRoom<kModels>];

  explicit Sources(const ChunkInputs& inputs) {
    if (inputs.base != nullptr) base = *inputs.base;
    for (std::size_t m = 0; m < inputs.model_count; ++m) models[m] = inputs.models[m].source;
  }
};

// Calls body(m) for each model, unrolled where their number is a compile-time constant.
template <std::size_t kModels, class Body>
static TIESMITH_INLINE void for_each_model(std::size_t model_count, Body body) {
  if constexpr (kModels == 0) {
    for (std::size_t m = 0; m < model_count; ++m) body(m);
  } else {
    [&]<std::size_t... m>(std::index_sequence<m...>) __attribute__((always_inline)) {
      (body(m), ...);
    }(std::make_index_sequence<kModels>{});
  }
}

static inline std::uint32_t first_lanes(std::size_t count) { return (1u << count) - 1u; }

// Whether all of `models`, and `base` if there is one, are stored in `dtype`.
static inline bool all_stored_as(Dtype dtype, const Source* base, const ModelInput* models, std::size_t model_count) {
  if (base != nullptr && base->dtype != dtype) return false;
  for (std::size_t i = 0; i < model_count; ++i)
    if (models[i].source.dtype != dtype) return false;
  return true;
}

// Calls body with the fastest loader that reads all the sources. Only the usual format has one of its own: every
// further one multiplies the code.
template <class Body>
static TIESMITH_INLINE auto with_loader(const Source* base, const ModelInput* models, std::size_t count, Body body) {
  if constexpr (Vec::kSpecializes) {
    if (all_stored_as(Dtype::BF16, base, models, count)) return body(UniformLoader<Dtype::BF16>{});
  }
  return body(MixedLoader{});
}
