// The loop around every combination: blocks, checks of what goes in and comes out, hashing while a block is in the
// cache. Included inside a set's namespace.

// The largest magnitude, as f32 bits, that rounds to a finite value of the format.
static inline std::uint32_t largest_finite_key(Dtype dtype) {
  switch (dtype) {
    case Dtype::F32: return 0x7f7fffffu;
    case Dtype::F16: return 0x477fefffu;  // 65520 rounds to Inf
    default: return 0x7f7f7fffu;          // 0x7f7f8000 is halfway to 2^128, and rounds to even: to Inf
  }
}

static float element_of(const Source& source, std::size_t i) {
  const std::uint8_t* p = source.bytes + i * dtype_bytes(source.dtype);
  float wide = 0;
  std::uint16_t half = 0;
  if (source.dtype == Dtype::F32) std::memcpy(&wide, p, 4);
  else std::memcpy(&half, p, 2);
  if (source.dtype == Dtype::F32) return wide;
  return source.dtype == Dtype::F16 ? widen_f16(half) : widen_bf16(half);
}

static bool is_finite(float value) { return (std::bit_cast<std::uint32_t>(value) & 0x7f800000u) != 0x7f800000u; }

// Explains why elements [first, first + count) hold something that is not finite: the first NaN or Inf of an
// input, or else the first task vector that overflows f32.
static Outcome find_not_finite(const ChunkInputs& inputs, std::size_t first, std::size_t count) {
  for (std::size_t i = first; i < first + count; ++i) {
    const float base = inputs.base == nullptr ? 0.0f : element_of(*inputs.base, i);
    if (!is_finite(base)) return {Status::NotFinite, i, 0};
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      const float theta = element_of(inputs.models[m].source, i);
      if (!is_finite(theta)) return {Status::NotFinite, i, static_cast<std::uint32_t>(m + 1)};
      if (!is_finite(theta - base)) return {Status::Overflow, i, 0};
    }
  }
  return {Status::Ok, 0, 0};
}

// Handles a block with results beyond the format: clamps Inf to the largest finite value where the
// output saturates. NaN (Inf - Inf of an intermediate) cannot be clamped.
static Outcome settle_overflow(const Output& output, std::size_t first, std::size_t count, std::uint64_t& saturated) {
  const std::size_t size = dtype_bytes(output.dtype);
  const std::uint32_t infinity = output.dtype == Dtype::F32 ? 0x7f800000u : output.dtype == Dtype::F16 ? 0x7c00u : 0x7f80u;
  const std::uint32_t sign = output.dtype == Dtype::F32 ? 0x80000000u : 0x8000u;
  for (std::size_t i = first; i < first + count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, output.bytes + i * size, size);
    if ((bits & infinity) != infinity) continue;
    if (!output.saturate || (bits & ~sign) != infinity) return {Status::Overflow, i, 0};
    bits -= 1;
    std::memcpy(output.bytes + i * size, &bits, size);
    saturated += 1;
  }
  return {Status::Ok, 0, 0};
}

// Runs `body(sources, i, largest_key)`, which gives a vector of results, over a chunk block by block; stores,
// checks, and hands each block to the sink. `largest_key` collects keys that tell NaN and Inf of the inputs.
// `undecided` is told once a vector by the body what is open, and at the end of each block.
template <std::size_t kModels, class Undecided, class Body>
static TIESMITH_INLINE Outcome for_each_block(const ChunkInputs& inputs, const Output& output, CombineCounts& counts,
                                              Undecided&& undecided, Body body) {
  const std::size_t size = dtype_bytes(output.dtype);
  const Sources<kModels> sources(inputs);
  const Vec::U zero = Vec::set_u(0);
  for (std::size_t first = 0; first < inputs.element_count; first += kBlockElements) {
    const std::size_t count = std::min(kBlockElements, inputs.element_count - first);
    const std::size_t whole = first + count / kLanes * kLanes;
    Vec::U largest_key = zero, largest_result = zero;
    for (std::size_t i = first; i < whole; i += kLanes) {
      const Vec::F result = body(sources, i, largest_key);
      largest_result = Vec::max_u(largest_result, key_of(result));
      store(output.bytes + i * size, output.dtype, result);
    }
    if (const std::size_t rest = count % kLanes; rest != 0) {
      const PaddedInputs tail(inputs, whole, rest);
      const Vec::M live = Vec::from_bits(first_lanes(rest));
      const Vec::F result = Vec::keep(live, body(Sources<kModels>(tail.inputs), 0, largest_key));
      std::uint8_t padded[kLanes * 4];
      largest_result = Vec::max_u(largest_result, key_of(result));
      store(padded, output.dtype, result);
      std::memcpy(output.bytes + whole * size, padded, rest * size);
    }
    if (Vec::largest(largest_key) > 0x7f7fffffu) return find_not_finite(inputs, first, count);
    if (Vec::largest(largest_result) > largest_finite_key(output.dtype)) {
      const Outcome settled = settle_overflow(output, first, count, counts.saturated);
      if (settled.status != Status::Ok) return settled;
    }
    undecided.end_block(first);
    if (output.sink.take != nullptr) output.sink.take(output.sink.context, output.bytes + first * size, count * size);
  }
  return {Status::Ok, 0, 0};
}
