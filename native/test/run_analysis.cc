#include "test/run_analysis.h"

#include <algorithm>

#include "test/reference_analysis.h"

namespace tiesmith::test {

namespace {

void record_counts(Transcript& transcript, const KernelCase& given, const std::vector<AnalysisCounts>& models,
                   const std::vector<PairCounts>& pairs, const AnalysisTotals& totals,
                   const std::vector<std::uint32_t>& octaves, bool whole) {
  for (std::size_t m = 0; m < given.models.size(); ++m) {
    const AnalysisCounts& c = models[m];
    transcript.add("analyse.model", c.zero, c.retained, c.in_conflict, c.conflicts_lost, c.zero_votes, c.discarded,
                   c.discarded_zero_votes, c.largest, whole ? c.largest_trimmed : 0u);
    transcript.add_bytes("analyse.octaves", octaves.data() + m * kOctaves, kOctaves * sizeof octaves[0]);
  }
  for (const PairCounts& pair : pairs)
    transcript.add("analyse.pair", pair.same, pair.opposite, pair.same_trimmed, pair.opposite_trimmed);
  transcript.add("analyse.totals", totals.conflicts, totals.zero_votes, totals.given_back, totals.largest_given);
}

// Whether the analysis went through; kernels add to what earlier chunks counted. `analyse(chunk, slack, analysis)`;
// `whole`: it leaves nothing out.
template <class Analyse>
bool record_elections(Transcript& transcript, const KernelCase& given, const std::vector<AnalysedChunk>& chunks, bool whole,
                      Analyse analyse) {
  const std::size_t model_count = given.models.size();
  const std::size_t blocks = (given.element_count + kBlockElements - 1) / kBlockElements;
  std::vector<AnalysisCounts> models(model_count);
  std::vector<PairCounts> pairs(pair_count_of(model_count));
  std::vector<double> sums(blocks * analysis_sums(model_count));
  std::vector<std::uint32_t> octaves(model_count * kOctaves);
  Analysis analysis{models.data(), pairs.data(), {}, nullptr, octaves.data(), 0, kOctaveStride};
  Outcome outcome{Status::Ok, 0, 0};
  for (const AnalysedChunk& chunk : chunks) {
    analysis.block_sums = sums.data() + chunk.first / kBlockElements * analysis_sums(model_count);
    const std::size_t first_block = chunk.first / kBlockElements;
    analysis.octave_first = (kOctaveStride - first_block % kOctaveStride) % kOctaveStride;
    const Cut* slack = given.combination.has_slack ? &chunk.slack : nullptr;
    outcome = analyse(chunk, slack, analysis);
    if (outcome.status == Status::Ok) continue;
    outcome.element += chunk.first;
    break;
  }
  if (whole) transcript.add("analyse.outcome", static_cast<std::uint8_t>(outcome.status), outcome.element, outcome.source);
  if (outcome.status != Status::Ok) return false;
  record_counts(transcript, given, models, pairs, analysis.totals, octaves, whole);
  transcript.add_bytes("analyse.sums", sums.data(), sums.size() * sizeof(double));
  return true;
}

void record_losses(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                   const std::vector<AnalysedChunk>& chunks) {
  if (given.election.priority < 0) return;
  std::vector<LossBin> bins(kLossBins);
  ElectionCounts counts{};
  for (const AnalysedChunk& chunk : chunks) set.tally_losses(chunk.inputs, given.election, bins.data(), counts);
  transcript.add("tally_losses.counts", counts.priority_retained, counts.priority_discarded);
  transcript.add_bytes("tally_losses.bins", bins.data(), bins.size() * sizeof(LossBin));
}

void record_classes(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                    const std::vector<AnalysedChunk>& chunks) {
  if (given.models.size() < 2) return;
  Election election = given.election;
  election.priority = std::min(election.priority, 1);
  std::vector<std::uint32_t> table((std::size_t{1} << (2 * kClassTrims)) * kWinners);
  bool sound = true;
  for (const AnalysedChunk& chunk : chunks) {
    const ModelInput* models = chunk.inputs.models;
    std::vector<ModelInput> trims[2] = {{models[0], models[0]}, {models[1], models[1]}};
    trims[0][1].trim = TrimKind::Everything;
    trims[1][1].trim = TrimKind::Nothing;
    const ClassInputs classes{chunk.inputs.base,
                              {models[0].source, models[1].source},
                              {models[0].vote_weight, models[1].vote_weight},
                              {trims[0].data(), trims[1].data()},
                              {kClassTrims, kClassTrims},
                              chunk.inputs.element_count};
    sound = set.tally_classes(classes, election, table.data()) && sound;
  }
  transcript.add("tally_classes.sound", sound);
  if (sound) transcript.add_bytes("tally_classes.table", table.data(), table.size() * sizeof table[0]);
}

}  // namespace

void record_analysis(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                     const std::vector<AnalysedChunk>& chunks) {
  const auto analyse = [&](const AnalysedChunk& chunk, const Cut* slack, Analysis& analysis) {
    return set.analyse(chunk.inputs, given.election, slack, analysis);
  };
  if (!record_elections(transcript, given, chunks, true, analyse)) return;
  record_losses(transcript, set, given, chunks);
  record_classes(transcript, set, given, chunks);
}

void record_draft_analysis(Transcript& transcript, const KernelTable& set, const KernelCase& drafted,
                           const std::vector<AnalysedChunk>& chunks) {
  const Brackets brackets{drafted.trim_lows.data(), drafted.slack_low};
  UndecidedElements undecided;
  const auto draft = [&](const AnalysedChunk& chunk, const Cut* slack, Analysis& analysis) {
    undecided.first = chunk.first;
    return set.draft_analysis(chunk.inputs, drafted.election, slack, brackets, {UndecidedElements::take, &undecided},
                              analysis);
  };
  if (!record_elections(transcript, drafted, chunks, false, draft)) return;
  const auto& elements = undecided.elements;
  transcript.add_bytes("draft_analysis.undecided", elements.data(), elements.size() * sizeof(std::uint32_t));
}

}  // namespace tiesmith::test
