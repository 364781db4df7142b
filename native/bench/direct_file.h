// Direct I/O in 8 MiB blocks: what the bench reads and writes with, past the page cache.
#pragma once

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>

#include "arguments.h"

namespace bench {

constexpr std::uint64_t kBlockBytes = 8ull << 20;
constexpr std::uint64_t kSectorBytes = 4096;  // what O_DIRECT asks of offsets, lengths and addresses

[[noreturn]] inline void fail_errno(const std::string& what, const std::string& path) {
  fail("Cannot " + what + " " + path + ": " + std::strerror(errno));
}

inline std::uint64_t round_up(std::uint64_t value, std::uint64_t unit) {
  return (value + unit - 1) / unit * unit;
}

// One block of aligned scratch. Huge pages, since each direct request pins every page of its buffer.
class AlignedBlock {
 public:
  AlignedBlock() : data_(static_cast<std::byte*>(std::aligned_alloc(2ull << 20, kBlockBytes))) {
    if (data_ == nullptr) fail("Cannot allocate a block of 8 MiB");
    madvise(data_, kBlockBytes, MADV_HUGEPAGE);
  }
  ~AlignedBlock() { std::free(data_); }
  AlignedBlock(const AlignedBlock&) = delete;
  AlignedBlock& operator=(const AlignedBlock&) = delete;

  std::byte* data() { return data_; }

 private:
  std::byte* data_;
};

class DirectFile {
 public:
  static DirectFile open_for_read(const std::string& path) { return DirectFile(path, O_RDONLY); }

  // A new file with its bytes reserved, so that writers in any order meet no allocation.
  static DirectFile create(const std::string& path, std::uint64_t bytes) {
    DirectFile file(path, O_WRONLY | O_CREAT | O_TRUNC);
    file.bytes_ = bytes;
    const int refused = bytes == 0 ? 0 : posix_fallocate(file.fd_, 0, static_cast<off_t>(bytes));
    if (refused != 0) {
      errno = refused;
      fail_errno("reserve", path);
    }
    return file;
  }

  ~DirectFile() {
    if (fd_ >= 0) close(fd_);
  }
  DirectFile(DirectFile&& other) noexcept
      : path_(std::move(other.path_)), fd_(other.fd_), bytes_(other.bytes_), direct_(other.direct_) {
    other.fd_ = -1;
  }
  DirectFile(const DirectFile&) = delete;
  DirectFile& operator=(const DirectFile&) = delete;

  int fd() const { return fd_; }
  std::uint64_t bytes() const { return bytes_; }
  std::uint64_t block_count() const { return (bytes_ + kBlockBytes - 1) / kBlockBytes; }
  bool direct() const { return direct_; }

  std::uint64_t block_bytes(std::uint64_t block) const {
    return std::min(kBlockBytes, bytes_ - block * kBlockBytes);
  }

  // Reads one block; the last one asks for whole sectors and gets what the file still holds.
  void read_block(std::uint64_t block, AlignedBlock& into) const {
    const std::uint64_t wanted = block_bytes(block);
    std::uint64_t done = 0;
    while (done < wanted) {
      const std::uint64_t ask = round_up(wanted - done, kSectorBytes);
      const ssize_t got = pread(fd_, into.data() + done, ask, static_cast<off_t>(block * kBlockBytes + done));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) fail_errno("read", path_);
      if (got == 0) fail("Expected " + std::to_string(bytes_) + " bytes in " + path_ + ", but it ends earlier");
      done += static_cast<std::uint64_t>(got);
    }
  }

  // Writes one block; the last one is padded to whole sectors, which `finish` cuts off again.
  void write_block(std::uint64_t block, AlignedBlock& from) const {
    const std::uint64_t wanted = round_up(block_bytes(block), kSectorBytes);
    std::uint64_t done = 0;
    while (done < wanted) {
      const ssize_t put =
          pwrite(fd_, from.data() + done, wanted - done, static_cast<off_t>(block * kBlockBytes + done));
      if (put < 0 && errno == EINTR) continue;
      if (put < 0) fail_errno("write", path_);
      done += static_cast<std::uint64_t>(put);
    }
  }

  // The exact length, then everything on the disk.
  void finish() const {
    if (ftruncate(fd_, static_cast<off_t>(bytes_)) != 0) fail_errno("truncate", path_);
    if (fsync(fd_) != 0) fail_errno("fsync", path_);
  }

 private:
  DirectFile(const std::string& path, int flags) : path_(path) {
    fd_ = open(path.c_str(), flags | O_DIRECT | O_CLOEXEC, 0644);
    if (fd_ < 0 && errno == EINVAL) {  // a file system without direct I/O: the page cache has to do
      direct_ = false;
      fd_ = open(path.c_str(), flags | O_CLOEXEC, 0644);
    }
    if (fd_ < 0) fail_errno("open", path);
    struct stat status;
    if (fstat(fd_, &status) != 0) fail_errno("stat", path);
    bytes_ = static_cast<std::uint64_t>(status.st_size);
  }

  std::string path_;
  int fd_ = -1;
  std::uint64_t bytes_ = 0;
  bool direct_ = true;
};

}  // namespace bench
