// Pages of inputs that nobody is to read again, unmapped many at a time.
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "io/mapped_file.h"

namespace tiesmith {

// Whatever is unmapped, every core that runs a thread of the process is interrupted, and waited for (0.4 ms on a virtual
// machine): a merge that did so for each source of each chunk spent a tenth of its time on it. Left to the end, one thread
// unmaps everything while every other one waits for the lock on the process's memory.
class PagesDone {
 public:
  // A few per cent of what a thread reads in a second.
  static constexpr std::size_t kBytesAtATime = std::size_t{128} << 20;
  // Of what the page cache is to be given back, soon enough that what is read next takes its place.
  static constexpr std::size_t kBorrowedAtATime = std::size_t{24} << 20;

  explicit PagesDone(std::size_t bytes_at_a_time = kBytesAtATime, std::size_t borrowed_at_a_time = kBorrowedAtATime)
      : bytes_at_a_time_(bytes_at_a_time), borrowed_at_a_time_(borrowed_at_a_time) {}
  // They may be read again, and stay in the page cache unless they are borrowed.
  void add(const std::shared_ptr<const MappedFile>& file, std::size_t byte_offset, std::size_t byte_count);

 private:
  struct Range {
    std::weak_ptr<const MappedFile> file;  // which goes when others close it
    std::size_t begin, end;
  };
  void unmap();

  std::vector<Range> ranges_;
  const std::size_t bytes_at_a_time_, borrowed_at_a_time_;
  std::size_t byte_count_ = 0, borrowed_count_ = 0;
};

}  // namespace tiesmith
