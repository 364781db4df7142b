#include "io/pages_done.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>

namespace tiesmith {
namespace {

// What one call may be given.
constexpr std::size_t kMostRanges = 1024;

// In one call, and with one interruption, where the system can (Linux 6.16).
bool unmap_at_once(const std::vector<iovec>& pages) noexcept {
#if defined(SYS_pidfd_open) && defined(SYS_process_madvise)
  const int self = static_cast<int>(syscall(SYS_pidfd_open, getpid(), 0));
  if (self < 0) return false;
  const bool done = syscall(SYS_process_madvise, self, pages.data(), pages.size(), MADV_DONTNEED, 0) >= 0;
  close(self);
  return done;
#else
  static_cast<void>(pages);
  return false;
#endif
}

}  // namespace

void PagesDone::add(const std::shared_ptr<const MappedFile>& file, std::size_t byte_offset, std::size_t byte_count) {
  const std::size_t end = byte_offset + byte_count;
  byte_count_ += byte_count;
  if (file->is_borrowed(byte_offset)) borrowed_count_ += byte_count;
  const auto before = std::find_if(ranges_.begin(), ranges_.end(), [&](const Range& range) {
    return range.end == byte_offset && range.file.lock() == file;
  });
  if (before != ranges_.end()) before->end = end;
  else ranges_.push_back({file, byte_offset, end});
  if (byte_count_ >= bytes_at_a_time_ || borrowed_count_ >= borrowed_at_a_time_ || ranges_.size() == kMostRanges) unmap();
}

void PagesDone::unmap() {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  std::vector<iovec> pages;
  struct Held {
    std::shared_ptr<const MappedFile> file;
    std::size_t begin, end;
  };
  std::vector<Held> held;
  for (const Range& range : ranges_) {
    const auto file = range.file.lock();
    if (file == nullptr) continue;
    held.push_back({file, range.begin, range.end});
    // Those at the ends belong to others as well.
    const std::size_t first = (range.begin + page - 1) / page * page;
    const std::size_t end = range.end / page * page;
    if (first >= end) continue;
    pages.push_back({const_cast<std::uint8_t*>(file->data()) + first, end - first});
  }
  if (!unmap_at_once(pages))
    for (const iovec& range : pages) madvise(range.iov_base, range.iov_len, MADV_DONTNEED);
  for (const auto& [file, begin, end] : held) file->give_back(begin, end - begin);
  ranges_.clear();
  byte_count_ = borrowed_count_ = 0;
}

}  // namespace tiesmith
