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

std::vector<Bin> empty_bins(const Window& window) { return std::vector<Bin>(window.bin_count(), {0, 0, 0xffff}); }

ReferenceTally tally(const std::vector<std::uint32_t>& keys, const Window& window) {
  ReferenceTally out{0, empty_bins(window)};
  // A window of one key needs no bits to tell keys apart, and starts from none.
  if (window.low == window.high) out.bins[0].low_and = 0;
  for (const std::uint32_t key : keys) {
    if (key > window.high) out.above += 1;
    if (key > window.high || key < window.low) continue;
    const std::uint32_t width = 1u << window.shift;
    Bin& bin = out.bins[(key - window.low) / width];
    const auto dropped = static_cast<std::uint16_t>((key - window.low) % width);
    bin.count += 1;
    bin.low_or |= dropped;
    bin.low_and &= dropped;
  }
  return out;
}

}  // namespace tiesmith::test
