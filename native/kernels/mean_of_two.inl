// What becomes of two task vectors once it is known who wins. Included inside a set's namespace.

class MeanOfTwo {
 public:
  explicit MeanOfTwo(const Combination& combination)
      : lambda_(static_cast<float>(combination.lambda)), share_(combination.normalize ? 0.5f : 1.0f) {}

  // Of two that agree their mean, or sum; of others the second in the lanes of `takes_second`, else `first`, which is 0
  // where it was trimmed. `sum`: of both as trimmed.
  TIESMITH_INLINE Vec::F merge(Vec::F base, const Vec::M* kept, const Vec::F* tau, Vec::F first, Vec::F sum,
                               Vec::M takes_second) const {
    const Vec::M agreeing = Vec::unsigned_where(Vec::both(kept[0], kept[1]), Vec::xor_f(tau[0], tau[1]));
    // Halving is exact, and the same as dividing by 2.
    const Vec::F mean = Vec::mul(sum, Vec::set(share_));
    const Vec::F merged = Vec::select(agreeing, mean, Vec::select(takes_second, tau[1], first));
    return Vec::add(Vec::mul(merged, Vec::set(lambda_)), base);
  }

 private:
  float lambda_, share_;
};
