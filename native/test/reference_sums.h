// Block sums and tallies, one element at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/kernel_types.h"

namespace tiesmith::test {

// Per block of 4,096: 16 interleaved partial sums added pairwise.
std::vector<double> block_sums(const std::vector<double>& values);

struct ReferenceTally {
  std::uint64_t above;
  std::vector<Bin> bins;
};

// Bins as a tally starts with.
std::vector<Bin> empty_bins(const Window&);

ReferenceTally tally(const std::vector<std::uint32_t>& keys, const Window&);

}  // namespace tiesmith::test
