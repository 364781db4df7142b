#include "test/reference_combine.h"

#include <algorithm>
#include <cmath>

#include "test/reference.h"
#include "test/reference_cut.h"
#include "test/reference_floats.h"

namespace tiesmith::test {

namespace {

int sign_of(float x) { return x > 0 ? 1 : x < 0 ? -1 : 0; }

struct Settled {
  Outcome outcome;
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint64_t> block_bytes;
  std::uint64_t saturated;
};

// The first element of a block that an input makes impossible: a NaN or an Inf, in index order, the base's
// before the models'; or a task vector that overflows f32.
Outcome first_not_finite(const KernelCase& given, bool has_base, std::size_t first, std::size_t end) {
  for (std::size_t i = first; i < end; ++i) {
    const float base = has_base ? value_at(given.base, i) : 0.0f;
    if (!std::isfinite(base)) return {Status::NotFinite, i, 0};
    for (std::uint32_t m = 0; m < given.models.size(); ++m) {
      const float theta = value_at(given.models[m], i);
      if (!std::isfinite(theta)) return {Status::NotFinite, i, m + 1};
      if (!std::isfinite(theta - base)) return {Status::Overflow, i, 0};
    }
  }
  return {Status::Ok, 0, 0};
}

// Rounds a block; a NaN cannot be clamped.
Outcome round_block(const KernelCase& given, const std::vector<double>& results, std::size_t first, std::size_t end,
                    Settled& settled) {
  const FloatFormat format = format_of(given.output_dtype);
  for (std::size_t i = first; i < end; ++i) {
    std::uint32_t pattern = reference_narrow(results[i], format);
    const std::uint32_t magnitude = pattern & ~format.sign_bit();
    if (magnitude > format.infinity() || (magnitude == format.infinity() && !given.saturate))
      return {Status::Overflow, i, 0};
    if (magnitude == format.infinity()) {
      pattern -= 1;
      settled.saturated += 1;
    }
    for (std::size_t b = 0; b < dtype_bytes(given.output_dtype); ++b)
      settled.bytes.push_back(static_cast<std::uint8_t>(pattern >> (8 * b)));
  }
  return {Status::Ok, 0, 0};
}

Settled settle(const KernelCase& given, bool has_base, const std::vector<double>& results) {
  Settled settled{{Status::Ok, 0, 0}, {}, {}, 0};
  for (std::size_t first = 0; first < results.size(); first += kBlockElements) {
    const std::size_t end = std::min(results.size(), first + kBlockElements);
    settled.outcome = first_not_finite(given, has_base, first, end);
    if (settled.outcome.status == Status::Ok) settled.outcome = round_block(given, results, first, end, settled);
    if (settled.outcome.status != Status::Ok) return settled;
    settled.block_bytes.push_back((end - first) * dtype_bytes(given.output_dtype));
  }
  return settled;
}

// Whether every result fits.
bool record(Transcript& transcript, const std::string& name, const Settled& settled, CombineCounts counts,
            const std::vector<ModelCounts>& models) {
  const Outcome& outcome = settled.outcome;
  transcript.add(name + ".outcome", static_cast<std::uint8_t>(outcome.status), outcome.element, outcome.source);
  if (outcome.status != Status::Ok) return false;
  transcript.add_bytes(name + ".output", settled.bytes.data(), settled.bytes.size());
  transcript.add_bytes(name + ".sink", settled.bytes.data(), settled.bytes.size());
  transcript.add_bytes(name + ".sink sizes", settled.block_bytes.data(), settled.block_bytes.size() * 8);
  transcript.add(name + ".counts", counts.conflicts, counts.given_back, settled.saturated);
  for (const ModelCounts& model : models)
    transcript.add(name + ".model counts", model.zero, model.retained, model.in_conflict, model.discarded);
  return true;
}

// Results in Real arithmetic: f32 for half-precision outputs, f64 for f32 ones.
template <class Real>
std::vector<double> linear_results(const KernelCase& given) {
  std::vector<double> results;
  for (std::size_t i = 0; i < given.element_count; ++i) {
    Real sum = 0, divisor = 0;
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      const Real weight = static_cast<Real>(given.inputs[m].weight);
      const Real weighted = static_cast<Real>(value_at(given.models[m], i)) * weight;
      sum = m == 0 ? weighted : sum + weighted;
      divisor += weight;
    }
    results.push_back(given.combination.normalize ? sum / divisor : sum);
  }
  return results;
}

template <class Real>
std::vector<double> task_results(const KernelCase& given) {
  std::vector<double> results;
  for (std::size_t i = 0; i < given.element_count; ++i) {
    const float base = value_at(given.base, i);
    Real sum = 0, divisor = 0;
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      const float tau = value_at(given.models[m], i) - base;
      sum += static_cast<Real>(tau) * static_cast<Real>(given.inputs[m].weight);
      divisor += static_cast<Real>(given.inputs[m].weight);
    }
    if (given.combination.normalize) sum /= divisor;
    results.push_back(sum * static_cast<Real>(given.combination.lambda) + static_cast<Real>(base));
  }
  return results;
}

template <class Real>
double ties_result(const KernelCase& given, const Ballot& ballot) {
  Real sum = 0, divisor = 0;
  for (std::size_t m = 0; m < ballot.vote.size(); ++m) {
    const int voted = sign_of(ballot.vote[m]);
    if (voted == 0 || voted != ballot.elected) continue;
    const Real weight = static_cast<Real>(given.inputs[m].weight);
    sum += static_cast<Real>(ballot.trimmed[m]) * static_cast<Real>(given.inputs[m].rescale) * weight;
    divisor += weight;
  }
  if (given.combination.normalize) sum /= divisor == 0 ? 1 : divisor;
  return sum * static_cast<Real>(given.combination.lambda) + static_cast<Real>(ballot.base);
}

void count(const Ballot& ballot, CombineCounts& counts, std::vector<ModelCounts>& models) {
  const auto opposes = [&](int sign) {
    return std::any_of(ballot.trimmed.begin(), ballot.trimmed.end(), [&](float t) { return sign_of(t) == -sign; });
  };
  counts.conflicts += opposes(1) && opposes(-1);
  for (std::size_t m = 0; m < models.size(); ++m) {
    const int sign = sign_of(ballot.trimmed[m]);
    models[m].zero += ballot.tau[m] == 0;
    models[m].retained += sign != 0;
    models[m].in_conflict += sign != 0 && opposes(sign);
    models[m].discarded += is_discarded(ballot, m);
  }
}

}  // namespace

void record_linear(Transcript& transcript, const KernelCase& given) {
  const bool wide = given.output_dtype == Dtype::F32;
  const std::vector<double> results = wide ? linear_results<double>(given) : linear_results<float>(given);
  record(transcript, "combine_linear", settle(given, false, results), {0, 0, 0}, {});
}

void record_task(Transcript& transcript, const KernelCase& given) {
  std::vector<ModelCounts> models(given.models.size(), {0, 0, 0, 0});
  for (std::size_t m = 0; m < models.size(); ++m)
    for (const std::uint32_t key : trim_keys(given, m)) (key == 0 ? models[m].zero : models[m].retained) += 1;
  const bool wide = given.output_dtype == Dtype::F32;
  const std::vector<double> results = wide ? task_results<double>(given) : task_results<float>(given);
  record(transcript, "combine_task", settle(given, true, results), {0, 0, 0}, models);
}

// What is undecided, if anything, is counted nowhere.
static bool record_ties_as(const std::string& name, Transcript& transcript, const KernelCase& given,
                           const std::vector<std::uint32_t>& undecided) {
  std::vector<Ballot> ballots = cast_ballots(given, visited_elements(given.element_count, {1, 1}));
  std::vector<ModelCounts> models(given.models.size(), {0, 0, 0, 0});
  CombineCounts counts{0, 0, 0};
  std::vector<bool> counted(given.element_count, true);
  for (const std::uint32_t i : undecided) counted[i] = false;
  for (std::size_t i = 0; i < ballots.size(); ++i)
    if (counted[i]) count(ballots[i], counts, models);
  if (given.combination.has_slack) {
    const auto p = static_cast<std::size_t>(given.election.priority);
    const auto given_back =
        selected(loss_keys(ballots, given.election.priority), TrimKind::ByCut, given.combination.slack);
    for (std::size_t i = 0; i < ballots.size(); ++i) {
      if (!given_back[i]) continue;
      ballots[i].elected = sign_of(ballots[i].vote[p]);
      counts.given_back += counted[i];
    }
  }
  const bool wide = given.output_dtype == Dtype::F32;
  std::vector<double> results;
  for (const Ballot& ballot : ballots)
    results.push_back(wide ? ties_result<double>(given, ballot) : ties_result<float>(given, ballot));
  return record(transcript, name, settle(given, true, results), counts, models);
}

void record_ties(Transcript& transcript, const KernelCase& given) { record_ties_as("combine_ties", transcript, given, {}); }

std::vector<std::uint32_t> undecided_elements(const KernelCase& drafted) {
  const auto within = [](std::uint32_t key, std::uint32_t low, std::uint32_t top) { return key >= low && key <= top; };
  std::vector<bool> undecided(drafted.element_count);
  for (std::size_t m = 0; m < drafted.models.size(); ++m) {
    const ModelInput& model = drafted.inputs[m];
    if (model.trim != TrimKind::ByCut) continue;
    const std::vector<std::uint32_t> keys = trim_keys(drafted, m);
    for (std::size_t i = 0; i < keys.size(); ++i)
      if (within(keys[i], drafted.trim_lows[m], model.cut.threshold)) undecided[i] = true;
  }
  if (drafted.combination.has_slack) {
    const auto ballots = cast_ballots(drafted, visited_elements(drafted.element_count, {1, 1}));
    const std::vector<std::uint32_t> losses = loss_keys(ballots, drafted.election.priority);
    for (std::size_t i = 0; i < losses.size(); ++i)
      if (losses[i] != 0 && within(losses[i], drafted.slack_low, drafted.combination.slack.threshold)) undecided[i] = true;
  }
  std::vector<std::uint32_t> elements;
  for (std::uint32_t i = 0; i < undecided.size(); ++i)
    if (undecided[i]) elements.push_back(i);
  return elements;
}

void record_draft(Transcript& transcript, const KernelCase& given) {
  const KernelCase drafted = with_brackets(given);
  std::vector<std::uint32_t> undecided = undecided_elements(drafted);
  const bool fits = record_ties_as("draft_ties", transcript, drafted, undecided);
  if (given.has_not_finite) return;
  if (!fits) undecided.clear();
  transcript.add_bytes("draft_ties.undecided", undecided.data(), undecided.size() * sizeof(std::uint32_t));
}

}  // namespace tiesmith::test
