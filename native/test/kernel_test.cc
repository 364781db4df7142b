// kernel_test [SEED [CASES]]: every kernel set of this CPU, byte for byte against the scalar set, and the
// scalar set against a plain reference. Exits 1 on a failure.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kernels/kernel_sets.h"
#include "test/conversion_test.h"
#include "test/kernel_case.h"
#include "test/reference.h"
#include "test/reference_cut.h"
#include "test/run_kernels.h"

namespace tiesmith::test {

namespace {

struct Score {
  std::uint64_t passed = 0;
  std::uint64_t failed = 0;

  // `failure` says what is wrong; empty for a pass. The first few of a set are printed.
  void record(const char* set, const std::string& check, const std::string& failure) {
    if (failure.empty()) {
      passed += 1;
      return;
    }
    failed += 1;
    if (failed <= 5) std::printf("%s: %s: %s\n", set, check.c_str(), failure.c_str());
  }
};

// Ends of vectors, of blocks, and a chunk of many blocks.
std::size_t element_count_of(Random& random, std::uint64_t index) {
  if (index % 100 == 50) return 100'000;
  if (index % 10 == 9) return 2 * kBlockElements + 13;
  if (index % 5 == 3) return kBlockElements - 1 + random.below(6);
  return random.below(71);
}

std::size_t model_count_of(Random& random, std::uint64_t index) {
  if (index == 0) return 256;
  return random.pick<std::size_t>({1, 2, 2, 3, 3, 4, 7});
}

void check_case(const std::vector<const KernelTable*>& sets, std::uint64_t seed, std::uint64_t index,
                std::vector<Score>& scores) {
  Random random(seed * 0x100000001b3u + index);
  const std::size_t element_count = index == 0 ? 70 : element_count_of(random, index);
  const KernelCase given = random_case(random, element_count, model_count_of(random, index));
  const std::string check = "case " + std::to_string(index) + " of seed " + std::to_string(seed);
  const Transcript reference = reference_transcript(given);
  const Transcript scalar = run_kernels(scalar_kernels, given, false);
  // A sampling counts from the start of each call, so that cutting a tensor samples other elements.
  const bool may_chunk = given.samples_everything() && element_count > kBlockElements;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    const bool is_scalar = sets[s] == &scalar_kernels;
    const Transcript whole = is_scalar ? scalar : run_kernels(*sets[s], given, false);
    scores[s].record(sets[s]->name, check, whole.difference(is_scalar ? reference : scalar));
    if (!may_chunk) continue;
    scores[s].record(sets[s]->name, check + ", in chunks", run_kernels(*sets[s], given, true).difference(scalar));
  }
}

// The reference's own promise: a cut takes exactly what is wanted, its ties spread to within one place.
std::string cut_failure(Random& random) {
  std::vector<std::uint32_t> keys(1 + random.below(300));
  for (std::uint32_t& key : keys) key = 1 + static_cast<std::uint32_t>(random.below(5));
  const std::uint64_t wanted = random.below(keys.size() + 1);
  const Cut cut = cut_by_sorting(keys, wanted);
  const std::vector<bool> taken = selected(keys, TrimKind::ByCut, cut);
  if (static_cast<std::uint64_t>(std::count(taken.begin(), taken.end(), true)) != wanted) return "not the wanted count";
  std::uint64_t seen = 0, had = 0;
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (keys[i] != cut.threshold) continue;
    seen += 1;
    had += taken[i];
    // After `seen` ties the share taken / tied of them, rounded down, has been taken.
    if (had != seen * cut.taken / cut.tied) return "ties not spread evenly";
  }
  return "";
}

void check_cuts(std::uint64_t seed, std::uint64_t case_count, Score& score) {
  Random random(seed);
  for (std::uint64_t index = 0; index < case_count; ++index)
    score.record(scalar_kernels.name, "cut " + std::to_string(index), cut_failure(random));
}

void check_conversions(const KernelTable& set, std::uint64_t seed, Score& score) {
  for (const Dtype half : {Dtype::F16, Dtype::BF16}) {
    const std::string name = half == Dtype::F16 ? "f16" : "bf16";
    if (&set == &scalar_kernels) score.record(set.name, "half.h, " + name, scalar_conversion_failure(half));
    score.record(set.name, "widening " + name, widening_failure(set, half));
    score.record(set.name, "narrowing to " + name, narrowing_failure(set, half, seed));
  }
}

int run(std::uint64_t seed, std::uint64_t case_count) {
  const std::vector<const KernelTable*> sets = supported_kernels();
  std::vector<Score> scores(sets.size());
  for (std::size_t s = 0; s < sets.size(); ++s) check_conversions(*sets[s], seed, scores[s]);
  check_cuts(seed, case_count, scores.back());  // scalar is the last set
  for (std::uint64_t index = 0; index < case_count; ++index) check_case(sets, seed, index, scores);
  Score total;
  for (std::size_t s = 0; s < sets.size(); ++s) {
    std::printf("%s: %llu passed, %llu failed\n", sets[s]->name, static_cast<unsigned long long>(scores[s].passed),
                static_cast<unsigned long long>(scores[s].failed));
    total.passed += scores[s].passed;
    total.failed += scores[s].failed;
  }
  std::printf("%llu passed, %llu failed\n", static_cast<unsigned long long>(total.passed),
              static_cast<unsigned long long>(total.failed));
  return total.failed == 0 ? 0 : 1;
}

}  // namespace

}  // namespace tiesmith::test

int main(int argument_count, char** arguments) {
  const auto argument = [&](int i, std::uint64_t fallback) {
    return argument_count > i ? std::strtoull(arguments[i], nullptr, 10) : fallback;
  };
  return tiesmith::test::run(argument(1, 1), argument(2, 600));
}
