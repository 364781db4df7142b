// Two task vectors under every pair of trims at once. Who wins where both are kept does not depend on the trims, as
// long as nothing is rescaled: so that counts by class and winner give the counts of every pair. Classes are sets, not
// levels: of equal magnitudes two cuts take different ones. Included inside a set's namespace.

// The class of each lane: bit d where trim d keeps it.
class ClassSelectors {
 public:
  ClassSelectors(const ModelInput* trims, std::size_t count) : count_(count) {
    for (std::size_t d = 0; d < count; ++d) selectors_[d] = Selector(trims[d].trim, trims[d].cut);
  }
  TIESMITH_INLINE Vec::U classes(Vec::U key) {
    Vec::U classes = Vec::set_u(0);
    for (std::size_t d = 0; d < count_; ++d) {
      const Vec::U bit = Vec::select_u(selectors_[d].select(key), Vec::set_u(1u << d), Vec::set_u(0));
      classes = Vec::add_u(classes, bit);
    }
    return classes;
  }

 private:
  Selector selectors_[kMaxModels];
  std::size_t count_;
};

// Winner by lane, of task vectors that are both nonzero and of opposite signs; 0 elsewhere.
static TIESMITH_INLINE Vec::U winners(const Election& election, const Vec::F (&vote)[2]) {
  const Vec::F sum = Vec::add(Vec::add(Vec::set(0.0f), vote[0]), vote[1]);
  const Vec::M conflict = Vec::either(Vec::both(is_positive(vote[0]), is_negative(vote[1])),
                                      Vec::both(is_negative(vote[0]), is_positive(vote[1])));
  const Vec::M zero = Vec::both(conflict, Vec::equal(sum, Vec::set(0.0f)));
  const Vec::M first = Vec::either(Vec::both(is_positive(sum), is_positive(vote[0])),
                                   Vec::both(is_negative(sum), is_negative(vote[0])));
  Vec::M first_by_zero = Vec::none(), second_by_zero = Vec::none();
  switch (election.zero_sign) {
    case ZeroSign::Plus: first_by_zero = is_positive(vote[0]); second_by_zero = is_positive(vote[1]); break;
    case ZeroSign::Minus: first_by_zero = is_negative(vote[0]); second_by_zero = is_negative(vote[1]); break;
    case ZeroSign::Priority: (election.priority == 0 ? first_by_zero : second_by_zero) = zero; break;
    case ZeroSign::None: break;
  }
  const auto code = [](Winner winner) { return Vec::set_u(static_cast<std::uint32_t>(winner)); };
  Vec::U who = Vec::select_u(first, code(Winner::First), code(Winner::Second));
  who = Vec::select_u(zero, code(Winner::NeitherByZero), who);
  who = Vec::select_u(Vec::both(zero, first_by_zero), code(Winner::FirstByZero), who);
  who = Vec::select_u(Vec::both(zero, second_by_zero), code(Winner::SecondByZero), who);
  return Vec::select_u(conflict, who, code(Winner::Agreed));
}

template <class Loader>
static bool tally_classes_with(const ClassInputs& inputs, const Election& election, std::uint32_t* table) {
  ClassSelectors first(inputs.trims[0], inputs.trim_count[0]), second(inputs.trims[1], inputs.trim_count[1]);
  Vec::U largest = Vec::set_u(0);
  Vec::M odd = Vec::none();
  std::uint32_t low[kLanes], high[kLanes], who[kLanes];
  const auto add = [&](const Source& base, const Source& a, const Source& b, std::size_t i, std::size_t count)
                       __attribute__((always_inline)) {
    const Vec::F origin = Loader::load(base, i);
    const Vec::F tau[2] = {Vec::sub(Loader::load(a, i), origin), Vec::sub(Loader::load(b, i), origin)};
    Vec::F vote[2];
    for (int m = 0; m < 2; ++m) {
      vote[m] = Vec::mul(tau[m], Vec::set(inputs.vote_weight[m]));
      odd = Vec::either(odd, Vec::without(is_nonzero(tau[m]), is_nonzero(vote[m])));
      largest = Vec::max_u(largest, key_of(vote[m]));
    }
    Vec::store_u32(low, first.classes(key_of(tau[0])));
    Vec::store_u32(high, second.classes(key_of(tau[1])));
    Vec::store_u32(who, winners(election, vote));
    for (std::size_t k = 0; k < count; ++k)
      table[((high[k] << inputs.trim_count[0]) | low[k]) * kWinners + who[k]] += 1;
  };
  const std::size_t whole = inputs.element_count / kLanes * kLanes;
  for (std::size_t i = 0; i < whole; i += kLanes) add(*inputs.base, inputs.source[0], inputs.source[1], i, kLanes);
  if (const std::size_t rest = inputs.element_count - whole; rest != 0) {
    PaddedTail base, a, b;
    base.fill(*inputs.base, whole, rest);
    a.fill(inputs.source[0], whole, rest);
    b.fill(inputs.source[1], whole, rest);
    add(base.source, a.source, b.source, 0, rest);
  }
  return Vec::to_bits(odd) == 0 && Vec::largest(largest) <= 0x7f7fffffu;
}

static bool tally_classes(const ClassInputs& inputs, const Election& election, std::uint32_t* table) noexcept {
  const ModelInput models[2] = {{inputs.source[0], 1, 1, 1, TrimKind::Everything, {}},
                                {inputs.source[1], 1, 1, 1, TrimKind::Everything, {}}};
  bool sound = false;
  with_loader(inputs.base, models, 2, [&](auto loader) {
    sound = tally_classes_with<decltype(loader)>(inputs, election, table);
  });
  return sound;
}
