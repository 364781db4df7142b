// Writing chunks of an output shard in any order, past the page cache where the file system allows.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "io/mapped_file.h"

namespace tiesmith {

// The unit of direct I/O: offsets, lengths and memory must be multiples of it.
inline constexpr std::size_t kDirectBytes = 4096;

// Creates a file of a given size with its room reserved, so that a full disk shows now and not half-way.
SystemError reserve_file(const std::string& path, std::uint64_t byte_count);

// Scratch memory, aligned to kDirectBytes and more. Not initialised: pages that are never written cost nothing.
class AlignedBuffer {
 public:
  enum class Pages { Large, Small };  // for what is filled, and for what may stay empty
  explicit AlignedBuffer(std::size_t byte_count, Pages pages = Pages::Large);
  AlignedBuffer(const AlignedBuffer&) = delete;
  AlignedBuffer& operator=(const AlignedBuffer&) = delete;
  ~AlignedBuffer();
  std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  std::uint8_t* data_;
  std::size_t size_;
};

class OutputFile {
 public:
  // Opens an existing file for writing, once buffered and once, where possible, direct.
  static std::shared_ptr<OutputFile> open(const std::string& path, SystemError& error);
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;
  ~OutputFile();

  // Writes bytes at an offset: whole blocks by direct I/O, the edges through the page cache.
  // `bytes` and `byte_offset` must agree modulo kDirectBytes. Thread-safe for ranges that do not overlap.
  SystemError write(const std::uint8_t* bytes, std::size_t byte_count, std::uint64_t byte_offset);

 private:
  OutputFile(int buffered, int direct) : buffered_(buffered), direct_(direct), direct_works_(direct >= 0) {}

  int buffered_;
  int direct_;
  std::atomic<bool> direct_works_;
};

}  // namespace tiesmith
