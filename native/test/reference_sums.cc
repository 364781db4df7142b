#include "test/reference_sums.h"

#include <algorithm>
#include <array>

namespace tiesmith::test {

static double pairwise(const double* values, std::size_t count) {
  return count == 1 ? values[0] : pairwise(values, count / 2) + pairwise(values + count / 2, count / 2);
}

std::vector<double> block_sums(const std::vector<double>& values) {
  std::vector<double> out;
  for (std::size_t first = 0; first < values.size(); first += kBlockElements) {
    std::array<double, 16> partial{};
    const std::size_t end = std::min(values.size(), first + kBlockElements);
    for (std::size_t i = first; i < end; ++i) partial[i % 16] += values[i];
    out.push_back(pairwise(partial.data(), 16));
  }
  return out;
}

std::vector<Bin> empty_bins(const Window& window) { return std::vector<Bin>(window.bin_count(), {0, 0}); }

ReferenceTally tally(const std::vector<std::uint32_t>& keys, const Window& window) {
  ReferenceTally out{0, empty_bins(window)};
  for (const std::uint32_t key : keys) {
    if (key > window.high) out.above += 1;
    if (key > window.high || key < window.low) continue;
    const std::uint32_t width = 1u << window.shift;
    Bin& bin = out.bins[(key - window.low) / width];
    const std::uint32_t dropped = (key - window.low) % width;
    bin.count += 1;
    // A window of one key needs no bits to tell keys apart.
    if (window.low != window.high) bin.low_seen |= (0xffffu - dropped) * 0x10000u + dropped;
  }
  return out;
}

}  // namespace tiesmith::test
