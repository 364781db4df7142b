// Times the kernels of every set on data in the cache: nanoseconds per element, the least of several runs.
// Built as the CMake target kernel_bench.
#include <chrono>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "kernels/half.h"
#include "kernels/kernel_sets.h"

namespace {

using namespace tiesmith;

constexpr std::size_t kElements = 1 << 17;
constexpr int kRuns = 60;

std::vector<std::uint16_t> random_weights(const std::vector<std::uint16_t>* base, unsigned seed) {
  std::mt19937 generator(seed);
  std::normal_distribution<float> normal(0.0f, base == nullptr ? 0.02f : 0.0005f);
  std::vector<std::uint16_t> weights(kElements);
  for (std::size_t i = 0; i < kElements; ++i)
    weights[i] = narrow_bf16(normal(generator) + (base == nullptr ? 0.0f : widen_bf16((*base)[i])));
  return weights;
}

template <class Run>
void report(const char* set, const char* kernel, Run run) {
  double best = 1e9;
  for (int i = 0; i < kRuns; ++i) {
    const auto start = std::chrono::steady_clock::now();
    run();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::printf("%-8s %-22s %7.3f ns/element\n", set, kernel, best * 1e9 / kElements);
}

Source source_of(const std::vector<std::uint16_t>& weights) {
  return {reinterpret_cast<const std::uint8_t*>(weights.data()), Dtype::BF16};
}

}  // namespace

int main() {
  const auto base = random_weights(nullptr, 1), ct = random_weights(&base, 2), sft = random_weights(&base, 3);
  const Source base_source = source_of(base);
  const Sampling all{kElements, kElements};
  std::vector<Bin> bins(65536);
  std::vector<std::uint8_t> out(kElements * 4);
  for (const KernelTable* set : supported_kernels()) {
    const Window full{0, 0x7fffffff, 15};
    Tally tally{0, bins.data()};
    set->tally_trim(base_source, source_of(sft), kElements, full, all, tally);
    std::size_t bin = bins.size();
    for (std::uint64_t over = 0; over < kElements / 5;) over += bins[--bin].count;
    const Window narrow{static_cast<std::uint32_t>(bin) << 15, (static_cast<std::uint32_t>(bin) << 15) + 32767, 1};
    const Cut cut{narrow.low + 100, 1000, 500, 0};
    const ModelInput models[] = {{source_of(ct), 1, 1, 1, TrimKind::Everything, {}},
                                 {source_of(sft), 1, 1, 1, TrimKind::ByCut, cut}};
    const ChunkInputs inputs{&base_source, models, 2, kElements};
    const Election election{ZeroSign::Plus, 1};
    const Output output{out.data(), Dtype::BF16, false, {nullptr, nullptr}};
    const Output wide{out.data(), Dtype::F32, false, {nullptr, nullptr}};
    Combination combination{1, true, false, {}};
    CombineCounts counts{};
    ElectionCounts election_counts{};
    ModelCounts per_model[2];
    report(set->name, "tally_trim full", [&] { set->tally_trim(base_source, models[1].source, kElements, full, all, tally); });
    report(set->name, "tally_trim narrow", [&] { set->tally_trim(base_source, models[1].source, kElements, narrow, all, tally); });
    report(set->name, "tally_slack full", [&] { set->tally_slack(inputs, election, full, all, tally, election_counts); });
    const Window losses{0x45000000, 0x45007fff, 1};
    report(set->name, "tally_slack narrow", [&] { set->tally_slack(inputs, election, losses, all, tally, election_counts); });
    report(set->name, "combine_linear", [&] { set->combine_linear(inputs, combination, output, counts); });
    report(set->name, "combine_task", [&] { set->combine_task(inputs, combination, output, per_model, counts); });
    report(set->name, "combine_ties", [&] { set->combine_ties(inputs, election, combination, output, per_model, counts); });
    report(set->name, "combine_ties f32", [&] { set->combine_ties(inputs, election, combination, wide, per_model, counts); });
    const UndecidedSink sink{[](void*, const std::uint32_t*, std::size_t) noexcept {}, nullptr};
    const std::uint32_t lows[] = {kNoneUndecided, cut.threshold - 200000};
    const Brackets brackets{lows, 0x45000000 - 4000};
    report(set->name, "draft_ties", [&] { set->draft_ties(inputs, election, combination, brackets, output, sink, per_model, counts); });
    std::vector<AnalysisCounts> analysed(2);
    std::vector<std::uint32_t> octaves(2 * kOctaves);
    std::vector<double> sums(kElements / kBlockElements * analysis_sums(2));
    PairCounts pair{};
    Analysis analysis{analysed.data(), &pair, {}, sums.data(), octaves.data(), 0, 16};
    report(set->name, "analyse", [&] { set->analyse(inputs, election, nullptr, analysis); });
    report(set->name, "draft_analysis", [&] { set->draft_analysis(inputs, election, nullptr, brackets, sink, analysis); });
    const Cut losses_cut{0x45000000, 0, 0, 0};
    report(set->name, "draft_analysis slack", [&] { set->draft_analysis(inputs, election, &losses_cut, brackets, sink, analysis); });
    std::vector<LossBin> loss_bins(kLossBins);
    report(set->name, "tally_losses", [&] { set->tally_losses(inputs, election, loss_bins.data(), election_counts); });
    const std::vector<ModelInput> trims[] = {std::vector<ModelInput>(6, models[0]), std::vector<ModelInput>(6, models[1])};
    const ClassInputs classes{&base_source, {models[0].source, models[1].source}, {1, 1},
                              {trims[0].data(), trims[1].data()}, {6, 6}, kElements};
    std::vector<std::uint32_t> table((1 << 12) * kWinners);
    report(set->name, "tally_classes 6 x 6", [&] { set->tally_classes(classes, election, table.data()); });
    combination.has_slack = true;
    combination.slack = {0x45000000, 10, 5, 0};
    report(set->name, "combine_ties slack", [&] { set->combine_ties(inputs, election, combination, output, per_model, counts); });
    report(set->name, "draft_ties slack", [&] { set->draft_ties(inputs, election, combination, brackets, output, sink, per_model, counts); });
  }
}
