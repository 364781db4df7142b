#include "test/reference_cut.h"

#include <algorithm>
#include <bit>
#include <functional>

namespace tiesmith::test {

std::uint32_t magnitude_key(float value) { return std::bit_cast<std::uint32_t>(value) & 0x7fffffffu; }

Cut cut_by_sorting(std::vector<std::uint32_t> keys, std::uint64_t wanted) {
  if (wanted == 0 || keys.empty()) return {0x7fffffffu, 0, 0, 0};
  std::sort(keys.begin(), keys.end(), std::greater<>());
  const std::uint32_t threshold = keys[std::min<std::uint64_t>(wanted, keys.size()) - 1];
  const auto tied = std::equal_range(keys.begin(), keys.end(), threshold, std::greater<>());
  const auto above = static_cast<std::uint64_t>(tied.first - keys.begin());
  return {threshold, static_cast<std::uint64_t>(tied.second - tied.first), wanted - above, 0};
}

// Of `tied` elements `taken` are wanted: the j-th iff floor((j + 1) taken / tied) > floor(j taken / tied).
static bool is_taken(const Cut& cut, std::uint64_t j) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<Wide>(j + 1) * cut.taken / cut.tied > static_cast<Wide>(j) * cut.taken / cut.tied;
}

std::vector<bool> selected(const std::vector<std::uint32_t>& keys, TrimKind kind, const Cut& cut) {
  std::vector<bool> out(keys.size(), kind == TrimKind::Everything);
  if (kind != TrimKind::ByCut) return out;
  std::uint64_t j = cut.first_tie;
  for (std::size_t i = 0; i < keys.size(); ++i)
    out[i] = keys[i] == cut.threshold ? cut.tied > 0 && is_taken(cut, j++) : keys[i] > cut.threshold;
  return out;
}

}  // namespace tiesmith::test
