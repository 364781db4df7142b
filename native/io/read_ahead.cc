#include "io/read_ahead.h"

#include <fcntl.h>

#include <algorithm>
#include <exception>

namespace tiesmith {
namespace {

// Read between two looks at what is asked for: a few requests of the disk.
constexpr std::size_t kPieceBytes = std::size_t{8} << 20;

void read_piece(const std::uint8_t* data, int descriptor, const PageRange& piece) noexcept {
  if (populate_pages(data, piece) != Populated::Unsupported) return;
  posix_fadvise(descriptor, static_cast<off_t>(piece.first), static_cast<off_t>(piece.count), POSIX_FADV_WILLNEED);
}

}  // namespace

void ReadAhead::ask(const PageRange& range) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    ranges_.push_back(range);
    if (is_running_) return;
    // It has found nothing left to do, and is about to end.
    if (thread_.joinable()) thread_.join();
    thread_ = std::thread(&ReadAhead::read_all, this);
    is_running_ = true;
  } catch (const std::exception&) {
    // No thread or no memory to be had: whoever needs the bytes will wait for them.
  }
}

void ReadAhead::skip(const PageRange& range) noexcept {
  const std::lock_guard lock(mutex_);
  // Anywhere in the line: several threads read, and what has been read and given back must not be read once more.
  const std::size_t end = range.first + range.count;
  for (PageRange& asked : ranges_) {
    if (asked.first < range.first || asked.first >= end) continue;
    const std::size_t skipped = std::min(end - asked.first, asked.count);
    asked = {asked.first + skipped, asked.count - skipped};
  }
}

void ReadAhead::stop() noexcept {
  {
    const std::lock_guard lock(mutex_);
    ranges_.clear();
  }
  if (thread_.joinable()) thread_.join();
}

// False, once, where nothing is left.
bool ReadAhead::take_piece(PageRange& piece) noexcept {
  const std::lock_guard lock(mutex_);
  while (!ranges_.empty() && ranges_.front().count == 0) ranges_.pop_front();
  if (ranges_.empty()) {
    is_running_ = false;
    return false;
  }
  PageRange& next = ranges_.front();
  piece = {next.first, std::min(next.count, kPieceBytes)};
  next = {next.first + piece.count, next.count - piece.count};
  return true;
}

void ReadAhead::read_all() noexcept {
  for (PageRange piece; take_piece(piece);) {
    read_piece(data_, descriptor_, piece);
    // Who needed it may have been faster, and be done with it.
    drop_pages(data_, descriptor_, borrowed_.given_back(piece));
  }
}

}  // namespace tiesmith
