#include "test/reference.h"

#include <cmath>

#include "test/reference_analysis.h"
#include "test/reference_combine.h"
#include "test/reference_cut.h"
#include "test/reference_floats.h"
#include "test/reference_sums.h"

namespace tiesmith::test {

static int sign_of(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

float value_at(const TestSource& source, std::size_t i) {
  return static_cast<float>(reference_widen(source.pattern(i), format_of(source.source().dtype)));
}

std::vector<std::size_t> visited_elements(std::size_t element_count, const Sampling& sampling) {
  std::vector<std::size_t> out;
  for (std::size_t i = 0; i < element_count; ++i)
    if (sampling.run == sampling.stride || i % sampling.stride < sampling.run) out.push_back(i);
  return out;
}

static std::vector<float> task_vector(const KernelCase& given, std::size_t m,
                                      const std::vector<std::size_t>& visited) {
  std::vector<float> out;
  for (const std::size_t i : visited) out.push_back(value_at(given.models[m], i) - value_at(given.base, i));
  return out;
}

static std::vector<std::uint32_t> keys_of(const std::vector<float>& values) {
  std::vector<std::uint32_t> out;
  for (const float value : values) out.push_back(magnitude_key(value));
  return out;
}

std::vector<std::uint32_t> trim_keys(const KernelCase& given, std::size_t m) {
  return keys_of(task_vector(given, m, visited_elements(given.element_count, {1, 1})));
}

static int elect(const Ballot& ballot, const Election& election) {
  if (ballot.sum != 0 || election.zero_sign == ZeroSign::None) return sign_of(ballot.sum);
  const auto p = static_cast<std::size_t>(election.priority);
  if (election.zero_sign == ZeroSign::Priority) return sign_of(ballot.vote[p]);
  return election.zero_sign == ZeroSign::Plus ? 1 : -1;
}

std::vector<Ballot> cast_ballots(const KernelCase& given, const std::vector<std::size_t>& visited) {
  std::vector<Ballot> out;
  for (const std::size_t i : visited) out.push_back({value_at(given.base, i), {}, {}, {}, 0, 0});
  for (std::size_t m = 0; m < given.models.size(); ++m) {
    const ModelInput& input = given.inputs[m];
    const std::vector<float> tau = task_vector(given, m, visited);
    const std::vector<bool> kept = selected(keys_of(tau), input.trim, input.cut);
    for (std::size_t v = 0; v < visited.size(); ++v) {
      const float trimmed = kept[v] ? tau[v] : 0.0f;
      out[v].tau.push_back(tau[v]);
      out[v].trimmed.push_back(trimmed);
      const float rescaled = trimmed * static_cast<float>(input.rescale);
      out[v].vote.push_back(rescaled * input.vote_weight);
      out[v].sum += out[v].vote.back();
    }
  }
  for (Ballot& ballot : out) ballot.elected = elect(ballot, given.election);
  return out;
}

bool is_discarded(const Ballot& ballot, std::size_t m) {
  const int voted = sign_of(ballot.vote[m]);
  return sign_of(ballot.trimmed[m]) != 0 && (voted == 0 || voted != ballot.elected);
}

std::vector<std::uint32_t> loss_keys(const std::vector<Ballot>& ballots, int priority) {
  std::vector<std::uint32_t> out;
  const auto p = static_cast<std::size_t>(priority);
  for (const Ballot& ballot : ballots)
    out.push_back(is_discarded(ballot, p) ? 0x7fffffffu - magnitude_key(ballot.sum) : 0);
  return out;
}

static void record_tally(Transcript& transcript, const std::string& name, const ReferenceTally& result) {
  transcript.add(name + ".above", result.above);
  transcript.add_bytes(name + ".bins", result.bins.data(), result.bins.size() * sizeof(Bin));
}

static void record_norms(Transcript& transcript, const KernelCase& given, std::size_t m) {
  const ModelInput& input = given.inputs[m];
  const std::vector<float> tau = task_vector(given, m, visited_elements(given.element_count, {1, 1}));
  const std::vector<bool> kept = selected(keys_of(tau), input.trim, input.cut);
  std::vector<double> before, after, norms;
  for (std::size_t i = 0; i < tau.size(); ++i) {
    before.push_back(std::fabs(static_cast<double>(tau[i])));
    after.push_back(kept[i] ? before.back() : 0.0);
  }
  const std::vector<double> before_sums = block_sums(before), after_sums = block_sums(after);
  for (std::size_t b = 0; b < before_sums.size(); ++b) norms.insert(norms.end(), {before_sums[b], after_sums[b]});
  transcript.add_bytes("block_norms", norms.data(), norms.size() * sizeof(double));
}

static void record_slack(Transcript& transcript, const KernelCase& given) {
  ElectionCounts counts{0, 0, 0, 0};
  const std::vector<Ballot> ballots = cast_ballots(given, visited_elements(given.element_count, given.sampling));
  std::vector<std::uint32_t> losses;
  if (given.election.priority < 0) {
    for (const Ballot& ballot : ballots) {
      counts.positive += ballot.sum > 0;
      counts.negative += ballot.sum < 0;
    }
  } else {
    const auto p = static_cast<std::size_t>(given.election.priority);
    for (const Ballot& ballot : ballots) counts.priority_retained += sign_of(ballot.trimmed[p]) != 0;
    for (const std::uint32_t key : loss_keys(ballots, given.election.priority))
      if (key != 0) losses.push_back(key);
    counts.priority_discarded = losses.size();
  }
  transcript.add("tally_slack.counts", counts.positive, counts.negative, counts.priority_retained,
                 counts.priority_discarded);
  record_tally(transcript, "tally_slack", tally(losses, given.slack_window));
}

static void record_comparison(Transcript& transcript, const KernelCase& given) {
  std::uint64_t differing = 0, same_sign = 0, not_finite = 0;
  float largest = 0;
  std::vector<double> difference_squares, a_squares, squares;
  for (std::size_t i = 0; i < given.element_count; ++i) {
    const float a = value_at(given.base, i), b = value_at(given.models[0], i);
    const bool finite = std::isfinite(a) && std::isfinite(b);
    const float delta = finite ? a - b : 0.0f;
    differing += a == b ? 0 : 1;
    not_finite += finite ? 0 : 1;
    same_sign += finite && sign_of(a) == sign_of(b) ? 1 : 0;
    largest = std::fmax(largest, std::fabs(delta));
    difference_squares.push_back(static_cast<double>(delta) * static_cast<double>(delta));
    a_squares.push_back(finite ? static_cast<double>(a) * static_cast<double>(a) : 0.0);
  }
  const std::vector<double> first = block_sums(difference_squares), second = block_sums(a_squares);
  for (std::size_t b = 0; b < first.size(); ++b) squares.insert(squares.end(), {first[b], second[b]});
  transcript.add("compare", differing, same_sign, not_finite, largest);
  transcript.add_bytes("compare.squares", squares.data(), squares.size() * sizeof(double));
}

Transcript reference_transcript(const KernelCase& given) {
  Transcript transcript;
  record_comparison(transcript, given);
  if (!given.has_not_finite) {
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      const auto visited = visited_elements(given.element_count, given.sampling);
      record_tally(transcript, "tally_trim", tally(keys_of(task_vector(given, m, visited)), given.trim_window));
      record_norms(transcript, given, m);
    }
    record_slack(transcript, given);
  }
  record_linear(transcript, given);
  record_task(transcript, given);
  record_ties(transcript, given);
  record_draft(transcript, given);
  record_reference_analysis(transcript, given);
  return transcript;
}

}  // namespace tiesmith::test
