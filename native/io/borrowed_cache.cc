#include "io/borrowed_cache.h"

#include <algorithm>

namespace tiesmith {
namespace {

constexpr std::size_t kBlock = BorrowedCache::kBlockBytes;

// Farther than a system reads ahead by itself (8 MiB on large disks).
constexpr std::size_t kBlocksBehind = 8;

}  // namespace

// Clamped to the file: what is behind its mapping is others'.
void BorrowedCache::add_block(std::vector<PageRange>& ranges, std::size_t block) const {
  const std::size_t first = block * kBlock, count = std::min(kBlock, size_ - first);
  if (!ranges.empty() && ranges.back().first + ranges.back().count == first) ranges.back().count += count;
  else ranges.push_back({first, count});
}

void BorrowedCache::borrow() {
  const std::lock_guard lock(mutex_);
  if (!blocks_.empty()) return;
  blocks_.resize((size_ + kBlock - 1) / kBlock);
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    const std::size_t count = std::min(kBlock, size_ - block * kBlock);
    // Whoever reads a file into the cache reads more of it than a page.
    if (!is_resident(data_, block * kBlock + count / 2)) blocks_[block] = {true, static_cast<std::uint32_t>(count)};
  }
}

bool BorrowedCache::has(std::size_t byte_offset) const {
  const std::lock_guard lock(mutex_);
  const std::size_t block = byte_offset / kBlock;
  return block < blocks_.size() && blocks_[block].left > 0;
}

std::vector<PageRange> BorrowedCache::give_back(std::size_t byte_offset, std::size_t byte_count) {
  const std::lock_guard lock(mutex_);
  std::vector<PageRange> dropped;
  const std::size_t end = blocks_.empty() ? byte_offset : std::min(byte_offset + byte_count, size_);
  for (std::size_t at = byte_offset; at < end;) {
    const std::size_t block = at / kBlock;
    const std::size_t block_end = std::min(end, (block + 1) * kBlock);
    const auto read = static_cast<std::uint32_t>(block_end - at);
    at = block_end;
    std::uint32_t& left = blocks_[block].left;
    if (left == 0) continue;
    left -= std::min(left, read);
    if (left == 0) add_block(dropped, block);
  }
  if (dropped.empty()) return dropped;
  const std::size_t behind = (dropped.back().first + dropped.back().count + kBlock - 1) / kBlock;
  for (std::size_t block = behind; block < std::min(behind + kBlocksBehind, blocks_.size()); ++block) {
    if (!blocks_[block].is_given_back()) break;
    add_block(dropped, block);
  }
  return dropped;
}

std::vector<PageRange> BorrowedCache::given_back(const PageRange& range) const {
  const std::lock_guard lock(mutex_);
  std::vector<PageRange> found;
  const std::size_t end = std::min(blocks_.size(), (range.first + range.count + kBlock - 1) / kBlock);
  for (std::size_t block = range.first / kBlock; block < end; ++block)
    if (blocks_[block].is_given_back()) add_block(found, block);
  return found;
}

std::vector<PageRange> BorrowedCache::give_back_all() {
  const std::lock_guard lock(mutex_);
  std::vector<PageRange> dropped;
  for (std::size_t block = 0; block < blocks_.size(); ++block) {
    if (blocks_[block].was_borrowed) add_block(dropped, block);
    blocks_[block].left = 0;
  }
  return dropped;
}

}  // namespace tiesmith
