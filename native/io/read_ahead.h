// Reading ranges of a mapping before they are needed, on a thread of its own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <mutex>
#include <thread>

#include "io/borrowed_cache.h"
#include "io/pages.h"

namespace tiesmith {

// Page by page requests of the system (posix_fadvise) would fill the page cache with small pages; reads that come of
// a mapping with MADV_HUGEPAGE fill it with large ones, which take a tenth of the time to make, to map and to read.
class ReadAhead {
 public:
  // `data` is a mapping of `descriptor`, and `borrowed` what that takes of the page cache; all outlive this.
  ReadAhead(const std::uint8_t* data, int descriptor, const BorrowedCache& borrowed)
      : data_(data), descriptor_(descriptor), borrowed_(borrowed) {}
  ReadAhead(const ReadAhead&) = delete;
  ReadAhead& operator=(const ReadAhead&) = delete;
  ~ReadAhead() { stop(); }

  // Reads a range after those asked for before. A hint: failures are left to whoever needs the bytes.
  void ask(const PageRange& range) noexcept;
  // A thread reads this range for itself: what begins inside of it goes on after it.
  void skip(const PageRange& range) noexcept;
  // Forgets what was asked for, and waits for the piece that is being read. To be called before the mapping goes.
  void stop() noexcept;

 private:
  bool take_piece(PageRange& piece) noexcept;
  void read_all() noexcept;

  const std::uint8_t* data_;
  int descriptor_;
  const BorrowedCache& borrowed_;
  std::mutex mutex_;
  std::deque<PageRange> ranges_;  // guarded by the mutex, as is what follows
  bool is_running_ = false;
  std::thread thread_;
};

}  // namespace tiesmith
