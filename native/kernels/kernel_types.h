// What kernels take and give: plain structs, no ownership, no N-API, no files.
// Words and semantics: docs/architecture.md; arithmetic rules are repeated where they are applied.
#pragma once

#include <cstddef>
#include <cstdint>

namespace tiesmith {

// Sums and positions are defined per block, counted from the start of a tensor, so that no result
// depends on how a tensor was cut into chunks. A chunk is a whole number of blocks (its last may be short).
inline constexpr std::size_t kBlockElements = 4096;
// Lanes of the logical vector that every instruction set implements.
inline constexpr std::size_t kLanes = 16;

enum class Dtype : std::uint8_t { F32, F16, BF16 };

inline constexpr std::size_t dtype_bytes(Dtype dtype) { return dtype == Dtype::F32 ? 4 : 2; }

// Elements in a mapped file. Unaligned.
struct Source {
  const std::uint8_t* bytes;
  Dtype dtype;
};

// An exact selection by key: keys above `threshold` are in; of the `tied` elements equal to it, `taken`
// are, spread evenly: the j-th one iff floor((j+1)*taken/tied) > floor(j*taken/tied). `first_tie` is the
// j of the first tied element of this chunk.
struct Cut {
  std::uint32_t threshold;
  std::uint64_t tied;
  std::uint64_t taken;
  std::uint64_t first_tie;
};

// Trimming keeps the elements of a task vector whose |tau| (as f32 bits) the cut selects.
enum class TrimKind : std::uint8_t { Nothing, Everything, ByCut };

struct ModelInput {
  Source source;
  double weight;
  float vote_weight;  // weight, or 1 where the election ignores weights
  double rescale;     // multiplies the trimmed task vector; 1 for none
  TrimKind trim;
  Cut cut;
};

// What an exactly zero vote elects.
enum class ZeroSign : std::int8_t { Minus = -1, None = 0, Plus = 1, Priority = 2 };

struct Election {
  ZeroSign zero_sign;
  int priority;  // index of the priority model; -1 for none
};

struct ChunkInputs {
  const Source* base;  // null where a method has no base
  const ModelInput* models;
  std::size_t model_count;
  std::size_t element_count;
};

// A range of keys that is told apart in bins: bin = (key - low) >> shift, for low <= key <= high.
struct Window {
  std::uint32_t low;
  std::uint32_t high;
  std::uint32_t shift;

  std::size_t bin_count() const { return (static_cast<std::size_t>(high - low) >> shift) + 1; }
};

// `low_seen` is the OR, over the bin's keys, of their low 16 bits (offset from the window, those that the shift
// drops) and, in its upper half, of the complement of these bits: where no bit is set in both halves, the bin
// holds a single key.
struct Bin {
  std::uint32_t count;
  std::uint32_t low_seen;
};
static_assert(sizeof(Bin) == 8);

// `above` counts the keys over the window; `bins` has window.bin_count() entries, zero at first.
struct Tally {
  std::uint64_t above;
  Bin* bins;
};

// A part of a chunk: runs of `run` elements, one every `stride`. run == stride takes everything.
struct Sampling {
  std::size_t run;
  std::size_t stride;
};

// What an election pass counts before any slack is given: without a priority model the signs of the sums, with
// one its fate.
struct ElectionCounts {
  std::uint64_t positive;            // elements with s > 0
  std::uint64_t negative;            // elements with s < 0
  std::uint64_t priority_retained;   // nonzero elements of the priority model's trimmed task vector
  std::uint64_t priority_discarded;  // of these, those whose vote lost
};

// Sums, division, lambda and the base are worked out in f32, each operation rounded once, for half-precision
// outputs; in f64 for f32 outputs, so that what is stored is rounded once.
struct Combination {
  double lambda;
  bool normalize;
  bool has_slack;  // give back by `slack`, a cut over key_of_loss
  Cut slack;
};

// No key is undecided.
inline constexpr std::uint32_t kNoneUndecided = 0x80000000u;

// What a draft leaves open. The thresholds of its cuts are the tops of brackets: keys above are in, keys from a
// bracket's low (1 at least) to its top are undecided, keys below are out.
struct Brackets {
  const std::uint32_t* trim_lows;  // one a model; kNoneUndecided where it has no cut
  std::uint32_t slack_low;
};

// Receives, block by block and in index order, the elements of a chunk that a draft left undecided.
struct UndecidedSink {
  void (*take)(void* context, const std::uint32_t* elements, std::size_t count) noexcept;
  void* context;
};

struct ModelCounts {
  std::uint64_t zero;         // elements whose task vector is exactly 0
  std::uint64_t retained;     // nonzero after trim
  std::uint64_t in_conflict;  // retained, and another trimmed task vector has the opposite sign
  std::uint64_t discarded;    // retained, and lost by the election, before any slack
};

struct CombineCounts {
  std::uint64_t conflicts;   // elements where two trimmed task vectors have opposite signs
  std::uint64_t given_back;  // elements where slack turned the election to the priority model
  std::uint64_t saturated;   // elements clamped to the largest finite value
};

enum class Status : std::uint8_t {
  Ok,
  NotFinite,  // an input element is NaN or Inf; `source` says whose (0 = base, i + 1 = model i)
  Overflow,   // a result is not finite in the output dtype
};

struct Outcome {
  Status status;
  std::uint64_t element;  // index within the chunk
  std::uint32_t source;
};

// Receives each finished block while it is in the cache (for hashing).
struct BlockSink {
  void (*take)(void* context, const std::uint8_t* bytes, std::size_t byte_count) noexcept;
  void* context;
};

struct Output {
  std::uint8_t* bytes;
  Dtype dtype;
  bool saturate;
  BlockSink sink;
};

struct Difference {
  std::uint64_t differing;   // elements whose f32 values differ as numbers
  std::uint64_t same_sign;   // elements with equal sign (zeros have the sign 0)
  std::uint64_t not_finite;  // elements where either is NaN or Inf; they enter no other figure but `differing`
  float max_absolute;
};

// What an analysis counts of one task vector. The election is counted before any slack.
struct AnalysisCounts {
  std::uint64_t zero;                  // elements whose task vector is exactly 0
  std::uint64_t retained;              // nonzero after trim
  std::uint64_t in_conflict;           // retained, and another trimmed task vector has the opposite sign
  std::uint64_t conflicts_lost;        // in conflict, and lost by the election
  std::uint64_t zero_votes;            // retained, where the votes add up to exactly 0
  std::uint64_t discarded;             // retained, and lost by the election
  std::uint64_t discarded_zero_votes;  // of these, the ones where the votes add up to exactly 0
  std::uint32_t largest;               // |tau| as a key
  std::uint32_t largest_trimmed;
};

// Elements where two task vectors are both nonzero, before and after trim.
struct PairCounts {
  std::uint64_t same, opposite;
  std::uint64_t same_trimmed, opposite_trimmed;
};

struct AnalysisTotals {
  std::uint64_t conflicts;      // elements where two trimmed task vectors have opposite signs
  std::uint64_t zero_votes;     // elements that a trimmed task vector has, where the votes add up to exactly 0
  std::uint64_t given_back;     // elements where slack turns the election to the priority model
  std::uint32_t largest_given;  // of these, the largest |s|, as a key
};

// Of up to this many models the pairs are looked at, too.
inline constexpr std::size_t kMaxPairedModels = 16;
inline constexpr std::size_t pair_count_of(std::size_t model_count) {
  return model_count > kMaxPairedModels ? 0 : model_count * (model_count - 1) / 2;
}

// Sums per block of an analysis: for each model |tau| and tau^2, both again after trim, and |tau| of what the
// election discards; for each pair (0 1, 0 2, ..., 1 2, ...) the product, and again after trim; |tau| of what
// slack gives back.
inline constexpr std::size_t kModelSums = 5;
inline constexpr std::size_t kPairSums = 2;
inline constexpr std::size_t analysis_sums(std::size_t model_count) {
  return kModelSums * model_count + kPairSums * pair_count_of(model_count) + 1;
}

// Magnitudes by octave: bin e holds the keys whose upper 8 bits are e, that is 2^(e-127) <= |tau| < 2^(e-126); bin
// 0 the zeros and denormals.
inline constexpr std::size_t kOctaves = 256;

// Where an analysis puts what it finds; all of it is zero at first.
struct Analysis {
  AnalysisCounts* models;
  PairCounts* pairs;
  AnalysisTotals totals;
  double* block_sums;          // analysis_sums(models) for each block
  std::uint32_t* octaves;      // kOctaves for each model
  std::size_t octave_first;    // octaves are counted in this block and every octave_stride-th after it: finding a
  std::size_t octave_stride;   // bin by an address costs as much as all the rest
};

// The priority model's losses whose |s| lies in one bin of kLossBinKeys keys: how many, and the largest |s| of all.
struct LossBin {
  std::uint32_t count;
  std::uint32_t largest;
};
inline constexpr std::uint32_t kLossBinShift = 15;
inline constexpr std::size_t kLossBins = std::size_t{1} << (31 - kLossBinShift);

// Two task vectors, each trimmed in several ways. An element's class is the set of trims that keep it, as bits.
struct ClassInputs {
  const Source* base;
  Source source[2];
  float vote_weight[2];
  const ModelInput* trims[2];  // only trim and cut are read
  std::size_t trim_count[2];   // together at most kMaxClassBits
  std::size_t element_count;
};
inline constexpr std::size_t kMaxClassBits = 16;

// Who wins where both are kept: nobody needs to, the first, the second; or, by a vote of exactly 0, the first or
// the second, as the election's zero sign has it (neither: both lose).
enum class Winner : std::uint8_t { Agreed, First, Second, FirstByZero, SecondByZero, NeitherByZero };
inline constexpr std::size_t kWinners = 8;  // room for a power of two

// One instruction set's kernels. All are noexcept, allocate nothing, and read unaligned sources;
// callers guarantee that outputs do not overlap inputs.
struct KernelTable {
  const char* name;
  // Adds the keys |tau| of `model` to `tally`, over the elements that `sampling` names.
  void (*tally_trim)(const Source& base, const Source& model, std::size_t element_count, const Window&,
                     const Sampling&, Tally&) noexcept;
  // Adds 0x7fffffff - bits(|s|) over the discarded elements of the priority model to `tally`; counts votes.
  void (*tally_slack)(const ChunkInputs&, const Election&, const Window&, const Sampling&, Tally&,
                      ElectionCounts&) noexcept;
  // L1 norms per block of one task vector, before and after trim: 2 doubles a block.
  void (*block_norms)(const Source& base, const ModelInput& model, std::size_t element_count,
                      double* norms) noexcept;
  Outcome (*combine_linear)(const ChunkInputs&, const Combination&, const Output&, CombineCounts&) noexcept;
  Outcome (*combine_task)(const ChunkInputs&, const Combination&, const Output&, ModelCounts* per_model,
                          CombineCounts&) noexcept;
  Outcome (*combine_ties)(const ChunkInputs&, const Election&, const Combination&, const Output&,
                          ModelCounts* per_model, CombineCounts&) noexcept;
  // As combine_ties, where cuts are known to brackets only: undecided elements are written as if out of the cuts in
  // question, counted nowhere, and named to the sink for another turn.
  Outcome (*draft_ties)(const ChunkInputs&, const Election&, const Combination&, const Brackets&, const Output&,
                        const UndecidedSink&, ModelCounts* per_model, CombineCounts&) noexcept;
  // Compares two tensors; `squares` takes 2 doubles a block: sum (a - b)^2 and sum a^2.
  void (*compare)(const Source& a, const Source& b, std::size_t element_count, Difference&,
                  double* squares) noexcept;
  // What an election does, without merging: counts, norms, products. Nothing is defined after a failure.
  Outcome (*analyse)(const ChunkInputs&, const Election&, const Cut* slack, Analysis&) noexcept;
  // As analyse, where cuts are known to brackets only, and take none of the tied: undecided elements are left out of all
  // that depends on a cut, and named to the sink.
  Outcome (*draft_analysis)(const ChunkInputs&, const Election&, const Cut* slack, const Brackets&, const UndecidedSink&,
                            Analysis&) noexcept;
  // Adds the priority model's losses to kLossBins bins by |s|, and counts its fate.
  void (*tally_losses)(const ChunkInputs&, const Election&, LossBin* bins, ElectionCounts&) noexcept;
  // Counts elements by class of the first, class of the second, and winner:
  // table[((class of second << trims of first) | class of first) * kWinners + winner]. False where a vote is 0 though
  // its task vector is not, or none is a number: then the table says nothing.
  bool (*tally_classes)(const ClassInputs&, const Election&, std::uint32_t* table) noexcept;
};

}  // namespace tiesmith
