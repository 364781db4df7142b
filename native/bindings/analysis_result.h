// What an analysis of a chunk gives back, as plain JS data.
#pragma once

#include <limits>
#include <vector>

#include "bindings/chunk_job.h"

namespace tiesmith {

// Sums per block are kept in memory that V8 ends the process for want of.
inline constexpr std::uint64_t kMaxAnalysedElements = 1u << 28;

// Throws if a chunk is too large to be analysed at once.
void check_analysed_count(Napi::Env env, std::uint64_t element_count);

// The base is needed, and looked for.
const ChunkInputs& analysed_inputs(Napi::Env env, const ChunkJob& job);

// { first, stride }: the blocks whose octaves are counted.
class OctaveBlocks {
 public:
  std::uint64_t first, stride;

  OctaveBlocks(Napi::Env env, const Napi::Value& value);
  static OctaveBlocks none() { return {std::numeric_limits<std::uint64_t>::max(), 1}; }

 private:
  OctaveBlocks(std::uint64_t first_block, std::uint64_t block_stride) : first(first_block), stride(block_stride) {}
};

// Room for what a kernel finds, of which the sums and octaves are JS memory from the start.
class AnalysisRoom {
 public:
  AnalysisRoom(Napi::Env env, std::size_t model_count, std::size_t block_count, const OctaveBlocks& octaves);
  Analysis& analysis() { return analysis_; }
  // { models, pairs, conflicts, zeroVotes, givenBack, largestGiven, sums, octaves }
  Napi::Object result(Napi::Env env) const;

 private:
  Napi::Float64Array sums_;
  Napi::Uint32Array octaves_;
  std::vector<AnalysisCounts> models_;
  std::vector<PairCounts> pairs_;
  Analysis analysis_;
};

inline std::size_t block_count_of(std::size_t element_count) { return (element_count + kBlockElements - 1) / kBlockElements; }

}  // namespace tiesmith
