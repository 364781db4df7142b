#include "io/mapped_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <map>
#include <mutex>
#include <utility>

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

// Of files of others, which the user may not write, Linux tells (since 5.2) that all of their pages are in the page cache.
bool tells_residency(const std::string& path, const struct stat& facts) {
  const uid_t user = geteuid();
  return user == 0 || user == facts.st_uid || faccessat(AT_FDCWD, path.c_str(), W_OK, AT_EACCESS) == 0;
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
#if defined(MADV_HUGEPAGE)
  // Read in large pages where the file system has them, whatever the system's policy for memory is.
  if (data != nullptr) madvise(data, size, MADV_HUGEPAGE);
#endif
  std::shared_ptr<const MappedFile> mapping(
      new MappedFile(path, descriptor, static_cast<const std::uint8_t*>(data), size, tells_residency(path, facts)));
  known = mapping;
  std::erase_if(registry.mappings, [](const auto& entry) { return entry.second.expired(); });
  return mapping;
}

MappedFile::~MappedFile() {
  ahead_.stop();
  drop_pages(data_, descriptor_, borrowed_.give_back_all());
  if (data_ != nullptr) munmap(const_cast<std::uint8_t*>(data_), size_);
  ::close(descriptor_);
}

std::size_t MappedFile::current_size() const noexcept {
  struct stat facts;
  return fstat(descriptor_, &facts) == 0 ? static_cast<std::size_t>(facts.st_size) : size_;
}

void MappedFile::read_ahead(std::size_t byte_offset, std::size_t byte_count) const noexcept {
  const PageRange range = page_range(byte_offset, byte_count, size_);
  if (range.count == 0) return;
  // Walking a cached range would cost as much as mapping it.
  if (!tells_residency_ || !looks_resident(data_, range)) ahead_.ask(range);
}

void MappedFile::give_back(std::size_t byte_offset, std::size_t byte_count) const {
  drop_pages(data_, descriptor_, borrowed_.give_back(byte_offset, byte_count));
}

bool MappedFile::populate(std::size_t byte_offset, std::size_t byte_count) const noexcept {
  const PageRange range = page_range(byte_offset, byte_count, size_);
  ahead_.skip(range);
  // A kernel without it, or without the memory just now, leaves the pages to fault one by one.
  return populate_pages(data_, range) != Populated::Unreadable;
}

}  // namespace tiesmith
