#include "test/run_kernels.h"

#include <algorithm>
#include <cstring>

#include "test/reference.h"
#include "test/reference_sums.h"
#include "test/run_analysis.h"

namespace tiesmith::test {

namespace {

// A chunk's inputs: sources moved on, and cuts that know how many tied elements came before.
struct Chunk {
  std::size_t first;
  Source base;
  std::vector<ModelInput> models;
  Cut slack;
  ChunkInputs inputs;
};

Source moved(const Source& source, std::size_t elements) {
  return {source.bytes + elements * dtype_bytes(source.dtype), source.dtype};
}

std::uint64_t ties_before(const std::vector<std::uint32_t>& keys, const Cut& cut, std::size_t element) {
  return static_cast<std::uint64_t>(
      std::count(keys.begin(), keys.begin() + static_cast<std::ptrdiff_t>(element), cut.threshold));
}

std::vector<Chunk> chunks_of(const KernelCase& given, bool chunked) {
  const std::size_t step = chunked ? given.chunk_elements : std::max<std::size_t>(given.element_count, 1);
  std::vector<std::vector<std::uint32_t>> keys;
  for (std::size_t m = 0; chunked && m < given.models.size(); ++m) keys.push_back(trim_keys(given, m));
  std::vector<std::uint32_t> losses;
  if (chunked && given.combination.has_slack)
    losses = loss_keys(cast_ballots(given, visited_elements(given.element_count, {1, 1})), given.election.priority);
  std::vector<Chunk> chunks;
  for (std::size_t first = 0; first == 0 || first < given.element_count; first += step) {
    Chunk chunk{first, moved(given.base.source(), first), given.inputs, given.combination.slack, {}};
    for (std::size_t m = 0; m < given.models.size(); ++m) {
      chunk.models[m].source = moved(chunk.models[m].source, first);
      if (chunked) chunk.models[m].cut.first_tie += ties_before(keys[m], chunk.models[m].cut, first);
    }
    if (!losses.empty()) chunk.slack.first_tie += ties_before(losses, chunk.slack, first);
    chunks.push_back(std::move(chunk));
  }
  for (Chunk& chunk : chunks)
    chunk.inputs = {&chunk.base, chunk.models.data(), chunk.models.size(),
                    std::min(step, given.element_count - chunk.first)};
  return chunks;
}

struct SinkRecord {
  std::vector<std::uint8_t> bytes;
  std::vector<std::uint64_t> sizes;

  static void take(void* context, const std::uint8_t* bytes, std::size_t byte_count) noexcept {
    auto& record = *static_cast<SinkRecord*>(context);
    record.bytes.insert(record.bytes.end(), bytes, bytes + byte_count);
    record.sizes.push_back(byte_count);
  }
};

// Output bytes between guards that no kernel may touch, at an odd address.
class GuardedOutput {
 public:
  explicit GuardedOutput(std::size_t byte_count) : all_(byte_count + kFront + kBack, kGuard), size_(byte_count) {}
  std::uint8_t* bytes() { return all_.data() + kFront; }
  bool intact() const {
    const auto is_guard = [](std::uint8_t byte) { return byte == kGuard; };
    return std::all_of(all_.begin(), all_.begin() + kFront, is_guard) &&
           std::all_of(all_.end() - kBack, all_.end(), is_guard);
  }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::uint8_t kGuard = 0xa5;
  static constexpr std::ptrdiff_t kFront = 65, kBack = 64;
  std::vector<std::uint8_t> all_;
  std::size_t size_;
};

// `combine(chunk, output, models, counts)` over the chunks, up to the first that fails.
template <class Combine>
void record_combine(Transcript& transcript, const std::string& name, const KernelCase& given,
                    const std::vector<Chunk>& chunks, bool has_model_counts, Combine combine) {
  GuardedOutput output(given.element_count * dtype_bytes(given.output_dtype));
  SinkRecord sink;
  std::vector<ModelCounts> totals(has_model_counts ? given.models.size() : 0, {0, 0, 0, 0});
  CombineCounts counts{0, 0, 0};
  Outcome outcome{Status::Ok, 0, 0};
  for (const Chunk& chunk : chunks) {
    std::vector<ModelCounts> models(given.models.size(), {0, 0, 0, 0});
    const Output target{output.bytes() + chunk.first * dtype_bytes(given.output_dtype), given.output_dtype,
                        given.saturate, {SinkRecord::take, &sink}};
    outcome = combine(chunk, target, models.data(), counts);
    if (outcome.status == Status::Ok) outcome.element = 0;
    else outcome.element += chunk.first;
    if (outcome.status != Status::Ok) break;
    for (std::size_t m = 0; m < totals.size(); ++m)
      totals[m] = {totals[m].zero + models[m].zero, totals[m].retained + models[m].retained,
                   totals[m].in_conflict + models[m].in_conflict, totals[m].discarded + models[m].discarded};
  }
  if (!output.intact()) transcript.add(name + " wrote outside its output");
  transcript.add(name + ".outcome", static_cast<std::uint8_t>(outcome.status), outcome.element, outcome.source);
  if (outcome.status != Status::Ok) return;
  transcript.add_bytes(name + ".output", output.bytes(), output.size());
  transcript.add_bytes(name + ".sink", sink.bytes.data(), sink.bytes.size());
  transcript.add_bytes(name + ".sink sizes", sink.sizes.data(), sink.sizes.size() * 8);
  transcript.add(name + ".counts", counts.conflicts, counts.given_back, counts.saturated);
  for (const ModelCounts& model : totals)
    transcript.add(name + ".model counts", model.zero, model.retained, model.in_conflict, model.discarded);
}

void record_combines(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                     const std::vector<Chunk>& chunks) {
  record_combine(transcript, "combine_linear", given, chunks, false,
                 [&](const Chunk& chunk, const Output& output, ModelCounts*, CombineCounts& counts) {
                   ChunkInputs inputs = chunk.inputs;
                   inputs.base = nullptr;
                   return set.combine_linear(inputs, given.combination, output, counts);
                 });
  record_combine(transcript, "combine_task", given, chunks, true,
                 [&](const Chunk& chunk, const Output& output, ModelCounts* models, CombineCounts& counts) {
                   return set.combine_task(chunk.inputs, given.combination, output, models, counts);
                 });
  record_combine(transcript, "combine_ties", given, chunks, true,
                 [&](const Chunk& chunk, const Output& output, ModelCounts* models, CombineCounts& counts) {
                   Combination combination = given.combination;
                   combination.slack = chunk.slack;
                   return set.combine_ties(chunk.inputs, given.election, combination, output, models, counts);
                 });
}

void record_draft(Transcript& transcript, const KernelTable& set, const KernelCase& given, bool chunked) {
  const KernelCase drafted = with_brackets(given);
  const std::vector<Chunk> chunks = chunks_of(drafted, chunked);
  const Brackets brackets{given.trim_lows.data(), given.slack_low};
  UndecidedElements undecided;
  record_combine(transcript, "draft_ties", drafted, chunks, true,
                 [&](const Chunk& chunk, const Output& output, ModelCounts* models, CombineCounts& counts) {
                   undecided.first = chunk.first;
                   const Outcome outcome = set.draft_ties(chunk.inputs, drafted.election, drafted.combination, brackets, output,
                                                          {UndecidedElements::take, &undecided}, models, counts);
                   // Where a result does not fit, the list ends somewhere.
                   if (outcome.status != Status::Ok) undecided.elements.clear();
                   return outcome;
                 });
  if (given.has_not_finite) return;
  transcript.add_bytes("draft_ties.undecided", undecided.elements.data(), undecided.elements.size() * sizeof(std::uint32_t));
}

// A sampling that takes everything takes everything of a chunk, too.
Sampling sampling_of(const KernelCase& given, const Chunk& chunk) {
  if (given.samples_everything()) return {chunk.inputs.element_count, chunk.inputs.element_count};
  return given.sampling;
}

void record_tally(Transcript& transcript, const std::string& name, const Tally& tally, const std::vector<Bin>& bins) {
  transcript.add(name + ".above", tally.above);
  transcript.add_bytes(name + ".bins", bins.data(), bins.size() * sizeof(Bin));
}

std::size_t block_count(std::size_t elements) { return (elements + kBlockElements - 1) / kBlockElements; }

void record_measures(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                     const std::vector<Chunk>& chunks) {
  for (std::size_t m = 0; m < given.models.size(); ++m) {
    std::vector<Bin> bins = empty_bins(given.trim_window);
    Tally tally{0, bins.data()};
    std::vector<double> norms(2 * block_count(given.element_count));
    for (const Chunk& chunk : chunks) {
      const ModelInput& model = chunk.models[m];
      set.tally_trim(chunk.base, model.source, chunk.inputs.element_count, given.trim_window,
                     sampling_of(given, chunk), tally);
      set.block_norms(chunk.base, model, chunk.inputs.element_count, norms.data() + 2 * block_count(chunk.first));
    }
    record_tally(transcript, "tally_trim", tally, bins);
    transcript.add_bytes("block_norms", norms.data(), norms.size() * sizeof(double));
  }
  ElectionCounts counts{0, 0, 0, 0};
  std::vector<Bin> bins = empty_bins(given.slack_window);
  Tally tally{0, bins.data()};
  for (const Chunk& chunk : chunks)
    set.tally_slack(chunk.inputs, given.election, given.slack_window, sampling_of(given, chunk), tally, counts);
  transcript.add("tally_slack.counts", counts.positive, counts.negative, counts.priority_retained,
                 counts.priority_discarded);
  record_tally(transcript, "tally_slack", tally, bins);
}

void record_comparison(Transcript& transcript, const KernelTable& set, const KernelCase& given,
                       const std::vector<Chunk>& chunks) {
  Difference difference{0, 0, 0, 0};
  std::vector<double> squares(2 * block_count(given.element_count));
  for (const Chunk& chunk : chunks)
    set.compare(chunk.base, chunk.models[0].source, chunk.inputs.element_count, difference,
                squares.data() + 2 * block_count(chunk.first));
  transcript.add("compare", difference.differing, difference.same_sign, difference.not_finite, difference.max_absolute);
  transcript.add_bytes("compare.squares", squares.data(), squares.size() * sizeof(double));
}

std::vector<AnalysedChunk> analysed_chunks(const std::vector<Chunk>& chunks) {
  std::vector<AnalysedChunk> analysed;
  for (const Chunk& chunk : chunks) analysed.push_back({chunk.first, chunk.inputs, chunk.slack});
  return analysed;
}

// Leaves ones in the stack below: a kernel that reads what it did not write must not find zeros there.
[[gnu::noinline]] void dirty_stack() {
  volatile std::uint8_t below[256 * 1024];
  std::memset(const_cast<std::uint8_t*>(below), 0xff, sizeof below);
}

}  // namespace

Transcript run_kernels(const KernelTable& set, const KernelCase& given, bool chunked) {
  Transcript transcript;
  const std::vector<Chunk> chunks = chunks_of(given, chunked);
  dirty_stack();
  record_comparison(transcript, set, given, chunks);
  if (!given.has_not_finite) record_measures(transcript, set, given, chunks);
  record_combines(transcript, set, given, chunks);
  record_draft(transcript, set, given, chunked);
  record_analysis(transcript, set, given, analysed_chunks(chunks));
  const KernelCase drafted = with_brackets(given);
  const std::vector<Chunk> drafted_chunks = chunks_of(drafted, chunked);
  record_draft_analysis(transcript, set, drafted, analysed_chunks(drafted_chunks));
  return transcript;
}

}  // namespace tiesmith::test
