#include "io/pages.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // Linux 5.14; older kernels answer EINVAL
#endif

namespace tiesmith {
namespace {

std::size_t page_bytes() {
  static const auto bytes = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  return bytes;
}

}  // namespace

PageRange page_range(std::size_t byte_offset, std::size_t byte_count, std::size_t size) {
  const std::size_t end = byte_count < size - std::min(byte_offset, size) ? byte_offset + byte_count : size;
  const std::size_t first = std::min(byte_offset, end) / page_bytes() * page_bytes();
  return {first, end - first};
}

bool is_resident(const std::uint8_t* data, std::size_t byte_offset) {
  unsigned char resident = 0;
  const std::uint8_t* page = data + byte_offset / page_bytes() * page_bytes();
  return mincore(const_cast<std::uint8_t*>(page), 1, &resident) == 0 && (resident & 1) != 0;
}

bool looks_resident(const std::uint8_t* data, const PageRange& range) {
  return is_resident(data, range.first) && is_resident(data, range.first + range.count / 2) &&
         is_resident(data, range.first + range.count - 1);
}

Populated populate_pages(const std::uint8_t* data, const PageRange& range) {
  void* start = const_cast<std::uint8_t*>(data) + range.first;
  while (range.count > 0 && madvise(start, range.count, MADV_POPULATE_READ) != 0) {
    if (errno == EINTR || errno == EAGAIN) continue;
    return errno == EFAULT || errno == EHWPOISON ? Populated::Unreadable : Populated::Unsupported;
  }
  return Populated::All;
}

void drop_pages(const std::uint8_t* data, int descriptor, const std::vector<PageRange>& ranges) noexcept {
  for (const auto& [first, count] : ranges) {
    madvise(const_cast<std::uint8_t*>(data) + first, count, MADV_DONTNEED);
    posix_fadvise(descriptor, static_cast<off_t>(first), static_cast<off_t>(count), POSIX_FADV_DONTNEED);
  }
}

}  // namespace tiesmith
