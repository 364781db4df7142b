// Read-only mappings of input files, shared by all threads of the process.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "io/borrowed_cache.h"
#include "io/page_guard.h"
#include "io/read_ahead.h"

namespace tiesmith {

// A failed system call. `call` is a literal.
struct SystemError {
  int code = 0;
  const char* call = "";
  explicit operator bool() const { return code != 0; }
};

class MappedFile {
 public:
  // The mapping of a file, shared with every other open one of the same (device, inode).
  // Null with `error` set if the file cannot be opened or mapped. Thread-safe.
  static std::shared_ptr<const MappedFile> open(const std::string& path, SystemError& error);

  MappedFile(const MappedFile&) = delete;
  MappedFile& operator=(const MappedFile&) = delete;
  ~MappedFile();

  const std::uint8_t* data() const { return data_; }
  std::size_t size() const { return size_; }
  // By which it was first opened.
  const std::string& path() const { return path_; }
  // The size that the file has now, however it is called by now.
  std::size_t current_size() const noexcept;

  // Has a range read soon, without waiting for it. Clamped to the file; a hint only.
  void read_ahead(std::size_t byte_offset, std::size_t byte_count) const noexcept;
  // From now on what is not in the page cache is borrowed: it leaves it again when it has been read for the last time, or
  // with the mapping. Nothing is, where the system does not tell what is there.
  void borrow() const {
    if (tells_residency_) borrowed_.borrow();
  }
  // Whether the page cache has this byte for this mapping only.
  bool is_borrowed(std::size_t byte_offset) const { return borrowed_.has(byte_offset); }
  // Nobody is to read this range again, nor has it mapped: what of it is borrowed leaves the page cache.
  void give_back(std::size_t byte_offset, std::size_t byte_count) const;
  // Maps the pages of a range at once, instead of one fault for every few of them, waiting for those not read
  // yet. Gives false where a page cannot be read (the file shrank, the disk failed).
  bool populate(std::size_t byte_offset, std::size_t byte_count) const noexcept;

 private:
  MappedFile(std::string path, int descriptor, const std::uint8_t* data, std::size_t size, bool tells_residency)
      : path_(std::move(path)),
        descriptor_(descriptor),
        data_(data),
        size_(size),
        tells_residency_(tells_residency),
        borrowed_(data, size),
        ahead_(data, descriptor, borrowed_) {}

  std::string path_;
  int descriptor_;
  const std::uint8_t* data_;
  std::size_t size_;
  bool tells_residency_;
  mutable BorrowedCache borrowed_;
  mutable ReadAhead ahead_;
  PageGuardHold guard_;  // for as long as somebody may read the mapping
};

}  // namespace tiesmith
