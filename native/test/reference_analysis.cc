#include "test/reference_analysis.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "test/reference.h"
#include "test/reference_combine.h"
#include "test/reference_cut.h"
#include "test/reference_sums.h"

namespace tiesmith::test {

namespace {

int sign_of(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

Outcome outcome_of(const KernelCase& given) {
  for (std::size_t i = 0; i < given.element_count; ++i) {
    const float base = value_at(given.base, i);
    if (!std::isfinite(base)) return {Status::NotFinite, i, 0};
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      const float theta = value_at(given.models[m], i);
      if (!std::isfinite(theta)) return {Status::NotFinite, i, static_cast<std::uint32_t>(m + 1)};
      if (!std::isfinite(theta - base)) return {Status::Overflow, i, 0};
    }
  }
  return {Status::Ok, 0, 0};
}

bool is_conflict(const Ballot& ballot) {
  const auto has = [&](int sign) {
    return std::any_of(ballot.trimmed.begin(), ballot.trimmed.end(), [&](float t) { return sign_of(t) == sign; });
  };
  return has(1) && has(-1);
}

bool is_zero_vote(const Ballot& ballot) {
  const bool anyone = std::any_of(ballot.trimmed.begin(), ballot.trimmed.end(), [](float t) { return t != 0; });
  return anyone && ballot.sum == 0;
}

void record_model(Transcript& transcript, const std::vector<Ballot>& ballots, std::size_t m, bool whole) {
  AnalysisCounts counts{};
  for (const Ballot& ballot : ballots) {
    const bool kept = ballot.trimmed[m] != 0, lost = is_discarded(ballot, m);
    counts.zero += ballot.tau[m] == 0;
    counts.retained += kept;
    counts.in_conflict += kept && is_conflict(ballot);
    counts.conflicts_lost += lost && is_conflict(ballot);
    counts.zero_votes += kept && is_zero_vote(ballot);
    counts.discarded += lost;
    counts.discarded_zero_votes += lost && is_zero_vote(ballot);
    counts.largest = std::max(counts.largest, magnitude_key(ballot.tau[m]));
    counts.largest_trimmed = std::max(counts.largest_trimmed, magnitude_key(ballot.trimmed[m]));
  }
  transcript.add("analyse.model", counts.zero, counts.retained, counts.in_conflict, counts.conflicts_lost,
                 counts.zero_votes, counts.discarded, counts.discarded_zero_votes, counts.largest,
                 whole ? counts.largest_trimmed : 0u);
}

template <class Value>
std::vector<double> sums_of(const std::vector<Ballot>& ballots, Value value) {
  std::vector<double> values;
  for (const Ballot& ballot : ballots) values.push_back(value(ballot));
  return block_sums(values);
}

// What is not trimmed has the same sums after trim, whatever is left out.
void append_model_sums(std::vector<std::vector<double>>& columns, const std::vector<Ballot>& ballots, std::size_t m,
                       bool trimmed) {
  const auto magnitude = [m](const Ballot& b) { return std::fabs(static_cast<double>(b.tau[m])); };
  const auto kept = [m, trimmed](const Ballot& b) { return !trimmed || b.trimmed[m] != 0; };
  columns.push_back(sums_of(ballots, magnitude));
  columns.push_back(sums_of(ballots, [&](const Ballot& b) { return magnitude(b) * magnitude(b); }));
  columns.push_back(sums_of(ballots, [&](const Ballot& b) { return kept(b) ? magnitude(b) : 0.0; }));
  columns.push_back(sums_of(ballots, [&](const Ballot& b) { return kept(b) ? magnitude(b) * magnitude(b) : 0.0; }));
  columns.push_back(sums_of(ballots, [&](const Ballot& b) { return is_discarded(b, m) ? magnitude(b) : 0.0; }));
}

void record_pair(Transcript& transcript, std::vector<std::vector<double>>& columns, const std::vector<Ballot>& ballots,
                 std::size_t i, std::size_t j) {
  PairCounts counts{};
  for (const Ballot& ballot : ballots) {
    const int before = sign_of(ballot.tau[i]) * sign_of(ballot.tau[j]);
    const int after = sign_of(ballot.trimmed[i]) * sign_of(ballot.trimmed[j]);
    counts.same += before > 0;
    counts.opposite += before < 0;
    counts.same_trimmed += after > 0;
    counts.opposite_trimmed += after < 0;
  }
  transcript.add("analyse.pair", counts.same, counts.opposite, counts.same_trimmed, counts.opposite_trimmed);
  const auto product = [&](const Ballot& b) { return static_cast<double>(b.tau[i]) * static_cast<double>(b.tau[j]); };
  columns.push_back(sums_of(ballots, product));
  columns.push_back(sums_of(ballots, [&](const Ballot& b) {
    return b.trimmed[i] != 0 && b.trimmed[j] != 0 ? product(b) : 0.0;
  }));
}

// `whole`: nothing is left out, so that the largest magnitude after trim is known.
void record_analysis(Transcript& transcript, const KernelCase& given, const std::vector<Ballot>& ballots, bool whole) {
  std::vector<std::vector<double>> columns;
  for (std::size_t m = 0; m < given.models.size(); ++m) {
    record_model(transcript, ballots, m, whole);
    append_model_sums(columns, ballots, m, given.inputs[m].trim != TrimKind::Everything);
    std::array<std::uint32_t, kOctaves> octaves{};
    for (std::size_t i = 0; i < ballots.size(); ++i)
      if (i / kBlockElements % kOctaveStride == 0) octaves[magnitude_key(ballots[i].tau[m]) >> 23] += 1;
    transcript.add_bytes("analyse.octaves", octaves.data(), sizeof octaves);
  }
  if (given.models.size() <= kMaxPairedModels)
    for (std::size_t i = 0; i < given.models.size(); ++i)
      for (std::size_t j = i + 1; j < given.models.size(); ++j) record_pair(transcript, columns, ballots, i, j);
  AnalysisTotals totals{};
  for (const Ballot& ballot : ballots) totals.conflicts += is_conflict(ballot);
  for (const Ballot& ballot : ballots) totals.zero_votes += is_zero_vote(ballot);
  std::vector<bool> given_back(ballots.size(), false);
  if (given.combination.has_slack)
    given_back = selected(loss_keys(ballots, given.election.priority), TrimKind::ByCut, given.combination.slack);
  std::vector<double> returned;
  for (std::size_t i = 0; i < ballots.size(); ++i) {
    returned.push_back(0);
    if (!given_back[i]) continue;
    totals.given_back += 1;
    totals.largest_given = std::max(totals.largest_given, magnitude_key(ballots[i].sum));
    returned.back() = std::fabs(static_cast<double>(ballots[i].trimmed[static_cast<std::size_t>(given.election.priority)]));
  }
  columns.push_back(block_sums(returned));
  transcript.add("analyse.totals", totals.conflicts, totals.zero_votes, totals.given_back, totals.largest_given);
  std::vector<double> sums;
  for (std::size_t block = 0; block < columns[0].size(); ++block)
    for (const auto& column : columns) sums.push_back(column[block]);
  transcript.add_bytes("analyse.sums", sums.data(), sums.size() * sizeof(double));
}

void record_losses(Transcript& transcript, const KernelCase& given, const std::vector<Ballot>& ballots) {
  if (given.election.priority < 0) return;
  const auto p = static_cast<std::size_t>(given.election.priority);
  std::vector<LossBin> bins(kLossBins);
  std::uint64_t retained = 0, discarded = 0;
  for (const Ballot& ballot : ballots) {
    retained += ballot.trimmed[p] != 0;
    if (!is_discarded(ballot, p)) continue;
    discarded += 1;
    const std::uint32_t key = magnitude_key(ballot.sum);
    LossBin& bin = bins[key >> kLossBinShift];
    bin.count += 1;
    bin.largest = std::max(bin.largest, key);
  }
  transcript.add("tally_losses.counts", retained, discarded);
  transcript.add_bytes("tally_losses.bins", bins.data(), bins.size() * sizeof(LossBin));
}

// Which of two votes wins where they are opposite.
Winner winner_of(const Election& election, float first, float second) {
  const float sum = 0.0f + first + second;
  if (sign_of(first) * sign_of(second) >= 0) return Winner::Agreed;
  if (sum != 0) return sign_of(sum) == sign_of(first) ? Winner::First : Winner::Second;
  switch (election.zero_sign) {
    case ZeroSign::None: return Winner::NeitherByZero;
    case ZeroSign::Priority: return election.priority == 0 ? Winner::FirstByZero : Winner::SecondByZero;
    default: break;
  }
  const int elected = election.zero_sign == ZeroSign::Plus ? 1 : -1;
  return sign_of(first) == elected ? Winner::FirstByZero : Winner::SecondByZero;
}

void record_classes(Transcript& transcript, const KernelCase& given, const std::vector<Ballot>& ballots) {
  if (given.models.size() < 2) return;
  Election election = given.election;
  election.priority = std::min(election.priority, 1);
  std::vector<std::uint32_t> table((std::size_t{1} << (2 * kClassTrims)) * kWinners);
  bool sound = true;
  for (const Ballot& ballot : ballots) {
    float vote[2];
    for (int m = 0; m < 2; ++m) vote[m] = ballot.tau[m] * given.inputs[m].vote_weight;
    for (int m = 0; m < 2; ++m) sound = sound && std::isfinite(vote[m]) && (ballot.tau[m] == 0 || vote[m] != 0);
    const std::size_t first = (ballot.trimmed[0] != 0 ? 1 : 0) + (ballot.tau[0] != 0 ? 2 : 0);
    const std::size_t second = ballot.trimmed[1] != 0 ? 1 : 0;
    const auto who = static_cast<std::size_t>(winner_of(election, vote[0], vote[1]));
    table[((second << kClassTrims) | first) * kWinners + who] += 1;
  }
  transcript.add("tally_classes.sound", sound);
  if (sound) transcript.add_bytes("tally_classes.table", table.data(), table.size() * sizeof table[0]);
}

// An undecided element is as if nobody kept it.
void record_draft_analysis(Transcript& transcript, const KernelCase& given) {
  const KernelCase drafted = with_brackets(given);
  const std::vector<std::uint32_t> undecided = undecided_elements(drafted);
  std::vector<Ballot> ballots =
      cast_ballots(drafted, visited_elements(given.element_count, {given.element_count, given.element_count}));
  for (const std::uint32_t element : undecided) {
    std::fill(ballots[element].trimmed.begin(), ballots[element].trimmed.end(), 0.0f);
    std::fill(ballots[element].vote.begin(), ballots[element].vote.end(), 0.0f);
    ballots[element].sum = 0;
  }
  record_analysis(transcript, drafted, ballots, false);
  transcript.add_bytes("draft_analysis.undecided", undecided.data(), undecided.size() * sizeof(std::uint32_t));
}

}  // namespace

void record_reference_analysis(Transcript& transcript, const KernelCase& given) {
  const Outcome outcome = outcome_of(given);
  transcript.add("analyse.outcome", static_cast<std::uint8_t>(outcome.status), outcome.element, outcome.source);
  if (outcome.status != Status::Ok) return;
  const auto everything = visited_elements(given.element_count, {given.element_count, given.element_count});
  const std::vector<Ballot> ballots = cast_ballots(given, everything);
  record_analysis(transcript, given, ballots, true);
  record_losses(transcript, given, ballots);
  record_classes(transcript, given, ballots);
  record_draft_analysis(transcript, given);
}

}  // namespace tiesmith::test
