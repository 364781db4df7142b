// What an analysis of a chunk gives back, as plain JS data.
#pragma once

#include <limits>
#include <vector>

#include "bindings/chunk_job.h"

namespace tiesmith {

// Throws if a chunk is too large to be analysed at once.
std::size_t checked_block_count(Napi::Env env, std::uint64_t element_count);

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

}  // namespace tiesmith
