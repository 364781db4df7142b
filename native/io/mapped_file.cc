#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22  // Linux 5.14; older kernels answer EINVAL
#endif

namespace tiesmith {
namespace {

// (device, inode) -> mapping. Weak, so that the last user's release unmaps.
using Registry = std::map<std::pair<dev_t, ino_t>, std::weak_ptr<const MappedFile>>;

struct SharedRegistry {
  std::mutex mutex;
  Registry mappings;
};

SharedRegistry& shared_registry() {
  static SharedRegistry registry;
  return registry;
}

struct Range {
  std::size_t first, count;
};

// The pages that hold a byte range, clamped to `size`.
Range page_range(std::size_t byte_offset, std::size_t byte_count, std::size_t size) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t end = std::min(size, byte_offset + byte_count);
  const std::size_t first = std::min(byte_offset, end) / page * page;
  return {first, end - first};
}

}  // namespace

std::shared_ptr<const MappedFile> MappedFile::open(const std::string& path, SystemError& error) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) {
    error = {errno, "open"};
    return nullptr;
  }
  struct stat facts;
  if (fstat(descriptor, &facts) != 0) {
    error = {errno, "fstat"};
    ::close(descriptor);
    return nullptr;
  }
  SharedRegistry& registry = shared_registry();
  const std::lock_guard lock(registry.mutex);
  std::weak_ptr<const MappedFile>& known = registry.mappings[{facts.st_dev, facts.st_ino}];
  const auto size = static_cast<std::size_t>(facts.st_size);
  if (auto mapping = known.lock(); mapping != nullptr && mapping->size() == size) {
    ::close(descriptor);
    return mapping;
  }
  void* data = size == 0 ? nullptr : mmap(nullptr, size, PROT_READ, MAP_SHARED, descriptor, 0);
  if (data == MAP_FAILED) {
    error = {errno, "mmap"};
    ::close(descriptor);
    return nullptr;
  }
  std::shared_ptr<const MappedFile> mapping(
      new MappedFile(path, descriptor, static_cast<const std::uint8_t*>(data), size));
  known = mapping;
  std::erase_if(registry.mappings, [](const auto& entry) { return entry.second.expired(); });
  return mapping;
}

MappedFile::~MappedFile() {
  if (data_ != nullptr) munmap(const_cast<std::uint8_t*>(data_), size_);
  ::close(descriptor_);
}

std::size_t MappedFile::current_size() const noexcept {
  struct stat facts;
  return fstat(descriptor_, &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : size_;
}

// Whether the first, the middle and the last page of a range are in the page cache.
static bool looks_resident(const std::uint8_t* data, const Range& range) {
  static const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  for (const std::size_t offset : {std::size_t{0}, range.count / 2, range.count - 1}) {
    unsigned char resident = 0;
    const std::uint8_t* start = data + (range.first + offset) / page * page;
    if (mincore(const_cast<std::uint8_t*>(start), 1, &resident) != 0 || (resident & 1) == 0) return false;
  }
  return true;
}

void MappedFile::read_ahead(std::size_t byte_offset, std::size_t byte_count) const noexcept {
  const Range range = page_range(byte_offset, byte_count, size_);
  // Walking a cached range page by page would cost as much as mapping it.
  if (range.count == 0 || looks_resident(data_, range)) return;
  posix_fadvise(descriptor_, static_cast<off_t>(range.first), static_cast<off_t>(range.count), POSIX_FADV_WILLNEED);
}

void MappedFile::drop_cached(std::size_t byte_offset, std::size_t byte_count) const noexcept {
  posix_fadvise(descriptor_, static_cast<off_t>(byte_offset), static_cast<off_t>(byte_count), POSIX_FADV_DONTNEED);
}

bool MappedFile::populate(std::size_t byte_offset, std::size_t byte_count) const noexcept {
  const Range range = page_range(byte_offset, byte_count, size_);
  if (range.count == 0) return true;
  void* start = const_cast<std::uint8_t*>(data_) + range.first;
  while (madvise(start, range.count, MADV_POPULATE_READ) != 0) {
    if (errno == EINTR || errno == EAGAIN) continue;
    // Anything else (a kernel without it, no memory just now) leaves the pages to fault one by one.
    return errno != EFAULT && errno != EHWPOISON;
  }
  return true;
}

}  // namespace tiesmith
