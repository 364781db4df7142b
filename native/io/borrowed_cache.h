// What a file takes of the page cache for the time of a merge, and gives back.
#pragma once

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "io/pages.h"

namespace tiesmith {

// Kept by blocks, since the system lets go of large pages as a whole, and only of those that nobody has mapped: asked for
// a part of one it keeps it, and first waits for every core (some ms) to be sure of it. Thread-safe.
class BorrowedCache {
 public:
  // The largest page that a file system keeps a file in (x86, and ARM with pages of 4 KiB).
  static constexpr std::size_t kBlockBytes = std::size_t{2} << 20;

  // Of a mapping, which outlives this.
  BorrowedCache(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}

  // Borrows all blocks that are not in the page cache yet. Once only: those that are there later may be borrowed ones.
  void borrow();
  // Whether the block that has this byte is borrowed.
  bool has(std::size_t byte_offset) const;
  // Nobody is to read these bytes again. Gives what can be dropped now: blocks of which nothing is left, and those behind
  // them that were given back before, which the system may have read again, ahead of these.
  std::vector<PageRange> give_back(std::size_t byte_offset, std::size_t byte_count);
  // What of a range was given back already.
  std::vector<PageRange> given_back(const PageRange& range) const;
  // Gives all that was ever borrowed: the system reads ahead by itself, and has read some of it again.
  std::vector<PageRange> give_back_all();

 private:
  void add_block(std::vector<PageRange>& ranges, std::size_t block) const;

  const std::uint8_t* const data_;
  const std::size_t size_;
  mutable std::mutex mutex_;
  // Of each block; empty before blocks are borrowed. Guarded by the mutex.
  struct Block {
    bool was_borrowed = false;
    std::uint32_t left = 0;  // bytes that are to be read yet
    bool is_given_back() const { return was_borrowed && left == 0; }
  };
  std::vector<Block> blocks_;
};

}  // namespace tiesmith
