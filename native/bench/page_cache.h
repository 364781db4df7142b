// What the page cache holds of a set of files: measured, filled, emptied.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include "direct_file.h"

namespace bench {

// A read-only shared mapping of a whole file; an empty file maps to no bytes.
class MappedFile {
 public:
  explicit MappedFile(const std::string& path) {
    fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd_ < 0) fail_errno("open", path);
    struct stat status;
    if (fstat(fd_, &status) != 0) fail_errno("stat", path);
    bytes_ = static_cast<std::uint64_t>(status.st_size);
    if (bytes_ == 0) return;
    void* mapped = mmap(nullptr, bytes_, PROT_READ, MAP_SHARED, fd_, 0);
    if (mapped == MAP_FAILED) fail_errno("map", path);
    data_ = static_cast<const std::byte*>(mapped);
  }
  ~MappedFile() {
    if (data_ != nullptr) munmap(const_cast<std::byte*>(data_), bytes_);
    if (fd_ >= 0) close(fd_);
  }
  MappedFile(MappedFile&& other) noexcept : fd_(other.fd_), bytes_(other.bytes_), data_(other.data_) {
    other.fd_ = -1;
    other.data_ = nullptr;
  }
  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;

  int fd() const { return fd_; }
  std::uint64_t bytes() const { return bytes_; }
  const std::byte* data() const { return data_; }

 private:
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  const std::byte* data_ = nullptr;
};

struct Residency {
  std::uint64_t page_count = 0;
  std::uint64_t resident_count = 0;

  double share() const {
    return page_count == 0 ? 1.0 : static_cast<double>(resident_count) / static_cast<double>(page_count);
  }
};

// mincore tells the page cache's state and not only this process's, but only for files that the caller owns or
// may write (Linux 5.2 and later); for others it calls every page resident.
inline Residency measure_residency(const std::vector<std::string>& paths) {
  Residency total;
  const auto page_bytes = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  for (const std::string& path : paths) {
    const MappedFile file(path);
    std::vector<unsigned char> pages((file.bytes() + page_bytes - 1) / page_bytes);
    if (pages.empty()) continue;
    if (mincore(const_cast<std::byte*>(file.data()), file.bytes(), pages.data()) != 0) {
      fail_errno("ask for the resident pages of", path);
    }
    total.page_count += pages.size();
    for (const unsigned char page : pages) total.resident_count += page & 1u;
  }
  return total;
}

// Dirty pages stay whatever one advises, hence the fsync first.
inline void evict_from_page_cache(const std::vector<std::string>& paths) {
  for (const std::string& path : paths) {
    const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) fail_errno("open", path);
    if (fsync(fd) != 0) fail_errno("fsync", path);
    const int refused = posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
    close(fd);
    if (refused != 0) {
      errno = refused;
      fail_errno("evict", path);
    }
  }
}

// Reads every file from front to back, as whoever copies or checks it does, several files at once so that the disk stays
// busy. Reads that jump about in a file would fill the page cache with smaller pages than the system makes otherwise.
inline void read_into_page_cache(const std::vector<std::string>& paths, unsigned thread_count) {
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> readers;
  for (unsigned reader = 0; reader < thread_count; ++reader) {
    readers.emplace_back([&] {
      AlignedBlock block;
      for (std::size_t file; (file = next.fetch_add(1)) < paths.size();) {
        const MappedFile mapped(paths[file]);
        ssize_t got = 1;
        for (off_t at = 0; got > 0; at += got) {
          got = pread(mapped.fd(), block.data(), kBlockBytes, at);
          if (got < 0) fail_errno("read", paths[file]);
        }
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
}

}  // namespace bench
