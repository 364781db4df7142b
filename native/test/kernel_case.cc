#include "test/kernel_case.h"

#include <algorithm>
#include <cmath>

#include "test/reference.h"
#include "test/reference_cut.h"

namespace tiesmith::test {

static Dtype random_dtype(Random& random) { return random.pick({Dtype::F32, Dtype::F16, Dtype::BF16}); }

static Values random_values(Random& random) {
  if (random.chance(60)) return Values::Weights;
  return random.pick({Values::Wide, Values::Wide, Values::Denormal, Values::Huge, Values::Zero, Values::Constant});
}

// Counts past 2^30 leave the lanes' 32 bits; the bindings take counts up to 2^53.
static Cut random_cut(Random& random, const std::vector<std::uint32_t>& keys) {
  const std::uint32_t threshold = keys.empty() || random.chance(10)
                                      ? static_cast<std::uint32_t>(random.below(0x80000000u))
                                      : keys[random.below(keys.size())];
  const std::uint64_t tied = random.pick<std::uint64_t>({1, 2, 3, 17, 4099, 1 + random.below(1u << 20),
                                                         (1u << 30) - 1, 1u << 30, (1u << 30) + 7, 1ull << 31,
                                                         (1ull << 32) + 5, 1 + random.below(1ull << 53)});
  const std::uint64_t taken = random.pick<std::uint64_t>({0, 1, tied / 2, tied - 1, tied, random.below(tied + 1),
                                                          random.below(tied + 1), random.below(tied + 1)});
  return {threshold, tied, taken, random.below(tied)};
}

static void choose_trim(Random& random, const std::vector<std::uint32_t>& keys, ModelInput& input) {
  const int kind = static_cast<int>(random.below(10));
  input.trim = kind == 0 ? TrimKind::Nothing : kind <= 2 ? TrimKind::Everything : TrimKind::ByCut;
  if (kind >= 7) input.cut = random_cut(random, keys);
  if (kind < 3 || kind >= 7) return;
  const double density = random.pick({0.01, 0.2, 0.5, 0.8, random.uniform()});
  const auto count = static_cast<std::uint64_t>(std::floor(density * static_cast<double>(keys.size())));
  input.cut = cut_by_sorting(keys, std::clamp<std::uint64_t>(count, keys.empty() ? 0 : 1, keys.size()));
}

static Window random_window(Random& random, const std::vector<std::uint32_t>& keys) {
  if (keys.empty() || random.chance(20)) return {0, 0x7fffffffu, 15};
  const std::uint32_t key = keys[random.below(keys.size())];
  if (random.chance(30)) return {key, key, 0};
  const auto shift = static_cast<std::uint32_t>(random.below(16));
  const std::uint64_t span = random.below(std::uint64_t{random.chance(90) ? 300u : 65535u} << shift);
  const std::uint64_t low = key - std::min<std::uint64_t>(key, random.below(span + 1));
  return {static_cast<std::uint32_t>(low), static_cast<std::uint32_t>(std::min<std::uint64_t>(low + span, 0x7fffffffu)),
          shift};
}

static Sampling random_sampling(Random& random, std::size_t element_count) {
  if (random.chance(70)) return {element_count, element_count};
  const std::size_t run = 1 + random.below(random.pick({5, 100}));
  return {run, run + 1 + random.below(random.pick({5, 400}))};
}

// Weights and rescales that f32 holds, and others that it rounds: half-precision outputs are worked out in f32.
static double random_weight(Random& random) {
  if (random.chance(40)) return 1;
  return random.pick({0.5, 2.0, -1.0, 0.1, random.uniform(), random.uniform(), -0.75, 0.0, 1e-38});
}

// `plain`: weights of 1 and no rescale, the paper's setting, for which kernels may have bodies of their own.
static void choose_inputs(Random& random, bool plain, KernelCase& chosen) {
  for (std::size_t m = 0; m < chosen.models.size(); ++m) {
    const double weight = plain ? 1 : random_weight(random);
    const float vote_weight = random.chance(70) ? static_cast<float>(weight) : 1.0f;
    const double rescale = plain || random.chance(60) ? 1 : 0.5 + random.uniform();
    chosen.inputs.push_back(
        {chosen.models[m].source(), weight, vote_weight, rescale, TrimKind::Everything, {0, 0, 0, 0}});
    choose_trim(random, trim_keys(chosen, m), chosen.inputs[m]);
  }
}

static void choose_election(Random& random, bool plain, KernelCase& chosen) {
  const auto model_count = static_cast<int>(chosen.models.size());
  chosen.election.priority = random.chance(25) ? -1 : static_cast<int>(random.below(model_count));
  chosen.election.zero_sign = random.pick({ZeroSign::Minus, ZeroSign::None, ZeroSign::Plus, ZeroSign::Priority});
  if (plain || (chosen.election.priority < 0 && chosen.election.zero_sign == ZeroSign::Priority))
    chosen.election.zero_sign = ZeroSign::Plus;
}

// A slack of the losses, cut exactly, as TIES-SV measures it; all of them, by a cut at 0; or any cut.
static void choose_slack(Random& random, KernelCase& chosen) {
  chosen.slack_window = {0, 0x7fffffffu, 15};
  if (chosen.election.priority < 0) return;
  const auto everything = visited_elements(chosen.element_count, {chosen.element_count, chosen.element_count});
  std::vector<std::uint32_t> keys = loss_keys(cast_ballots(chosen, everything), chosen.election.priority);
  keys.erase(std::remove(keys.begin(), keys.end(), 0u), keys.end());
  chosen.slack_window = random_window(random, keys);
  chosen.combination.has_slack = random.chance(70);
  const auto wanted = static_cast<std::uint64_t>(random.pick({0.04, 0.5, 1.0}) * static_cast<double>(keys.size()));
  Cut& cut = chosen.combination.slack;
  cut = random.chance(70) ? cut_by_sorting(keys, wanted) : random_cut(random, keys);
  // 0 is the key of what was not lost: only a cut without ties may lie there.
  cut.threshold = std::max(cut.threshold, 1u);
  if (random.chance(10)) cut = {0, 0, 0, 0};
}

static void choose_sources(Random& random, KernelCase& chosen, std::size_t model_count) {
  const bool uniform = random.chance(60);
  const Dtype shared = random_dtype(random);
  const Values values = random_values(random);
  chosen.base = random_source(random, uniform ? shared : random_dtype(random), chosen.element_count, values);
  for (std::size_t m = 0; m < model_count; ++m) {
    const Dtype dtype = uniform ? shared : random_dtype(random);
    const bool near = random.chance(70);
    chosen.models.push_back(near ? random_neighbour(random, dtype, chosen.base)
                                 : random_source(random, dtype, chosen.element_count, values));
  }
  chosen.has_not_finite = chosen.element_count > 0 && random.chance(7);
  if (!chosen.has_not_finite) return;
  const std::size_t victim = random.below(model_count + 1);
  TestSource& source = victim == 0 ? chosen.base : chosen.models[victim - 1];
  for (int i = 0; i < 2; ++i) make_not_finite(random, source, random.below(chosen.element_count));
}

static std::uint32_t random_low(Random& random, std::uint32_t top) {
  const std::uint32_t width = random.pick<std::uint32_t>({0, 1, 300, 1u << 16, 1u << 23, 0x7fffffffu});
  return std::max<std::uint32_t>(1, top - std::min<std::uint32_t>(top, width));
}

static void choose_brackets(Random& random, KernelCase& chosen) {
  for (const ModelInput& model : chosen.inputs)
    chosen.trim_lows.push_back(model.trim == TrimKind::ByCut ? random_low(random, model.cut.threshold) : kNoneUndecided);
  chosen.slack_low = chosen.combination.has_slack ? random_low(random, chosen.combination.slack.threshold) : kNoneUndecided;
}

KernelCase with_brackets(const KernelCase& given) {
  KernelCase drafted = given;
  for (ModelInput& model : drafted.inputs) model.cut = {model.cut.threshold, 0, 0, 0};
  drafted.combination.slack = {given.combination.slack.threshold, 0, 0, 0};
  return drafted;
}

KernelCase random_case(Random& random, std::size_t element_count, std::size_t model_count) {
  KernelCase chosen{
      element_count, TestSource(Dtype::F32, 0, 0), {}, {}, {}, {}, {}, {}, {}, Dtype::F32, false, {}, 0, false, 0};
  choose_sources(random, chosen, model_count);
  const bool plain = random.chance(30);
  choose_inputs(random, plain, chosen);
  choose_election(random, plain, chosen);
  chosen.combination.lambda = random.pick({1.0, 1.0, 0.0, -1.5, 2 * random.uniform()});
  chosen.combination.normalize = random.chance(60);
  choose_slack(random, chosen);
  choose_brackets(random, chosen);
  chosen.trim_window = random_window(random, trim_keys(chosen, random.below(model_count)));
  chosen.sampling = random_sampling(random, element_count);
  chosen.output_dtype = random_dtype(random);
  chosen.saturate = random.chance(40);
  chosen.chunk_elements = kBlockElements * (1 + random.below(3));
  return chosen;
}

}  // namespace tiesmith::test
