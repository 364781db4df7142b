// The precisions in which task vectors are merged. Included inside a set's namespace.

// Arithmetic in f32, for outputs in half precision.
struct SinglePrecision {
  using Lanes = Vec::F;
  using Scalar = float;
  static TIESMITH_INLINE Lanes set(Scalar value) { return Vec::set(value); }
  static TIESMITH_INLINE Lanes from(Vec::F x) { return x; }
  static TIESMITH_INLINE Vec::F round(Lanes x) { return x; }
  static TIESMITH_INLINE Lanes add(Lanes a, Lanes b) { return Vec::add(a, b); }
  static TIESMITH_INLINE Lanes mul(Lanes a, Lanes b) { return Vec::mul(a, b); }
  static TIESMITH_INLINE Lanes div(Lanes a, Lanes b) { return Vec::div(a, b); }
  static TIESMITH_INLINE Lanes keep(Vec::M m, Lanes x) { return Vec::keep(m, x); }
  static TIESMITH_INLINE Lanes one_for_zero(Lanes x) {
    return Vec::select(Vec::equal(x, Vec::set(0.0f)), Vec::set(1.0f), x);
  }
};

// Arithmetic in f64, for outputs in f32: in f32 a quotient added to a base of nearly opposite value would
// show its own rounding, many units in the last place of the result.
struct DoublePrecision {
  using Lanes = Vec::D;
  using Scalar = double;
  static TIESMITH_INLINE Lanes set(Scalar value) { return Vec::set_d(value); }
  static TIESMITH_INLINE Lanes from(Vec::F x) { return Vec::widen(x); }
  static TIESMITH_INLINE Vec::F round(Lanes x) { return Vec::narrow(x); }
  static TIESMITH_INLINE Lanes add(Lanes a, Lanes b) { return Vec::add_d(a, b); }
  static TIESMITH_INLINE Lanes mul(Lanes a, Lanes b) { return Vec::mul_d(a, b); }
  static TIESMITH_INLINE Lanes div(Lanes a, Lanes b) { return Vec::div_d(a, b); }
  static TIESMITH_INLINE Lanes keep(Vec::M m, Lanes x) { return Vec::keep_d(m, x); }
  static TIESMITH_INLINE Lanes one_for_zero(Lanes x) { return Vec::one_for_zero(x); }
};

// The parameters of a combination in a precision.
template <class Real, std::size_t kModels>
struct Factors {
  using Scalar = typename Real::Scalar;
  Scalar weight[Votes<kModels>::kRoom];
  Scalar rescale[Votes<kModels>::kRoom];
  Scalar weight_sum = 0;  // in recipe order
  Scalar lambda;

  Factors(const ChunkInputs& inputs, const Combination& combination)
      : lambda(static_cast<Scalar>(combination.lambda)) {
    for (std::size_t m = 0; m < inputs.model_count; ++m) {
      weight[m] = static_cast<Scalar>(inputs.models[m].weight);
      rescale[m] = static_cast<Scalar>(inputs.models[m].rescale);
      weight_sum += weight[m];
    }
  }
};
