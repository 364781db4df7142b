#include "test/io/borrowed_cache_checks.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

#include "io/borrowed_cache.h"
#include "io/mapped_file.h"
#include "io/pages_done.h"
#include "test/io/temporary_folder.h"

namespace tiesmith::test {
namespace {

// Pages of a range that are in the page cache.
std::size_t cached_pages(const std::uint8_t* start, std::size_t pages) {
  std::vector<unsigned char> resident(pages);
  mincore(const_cast<std::uint8_t*>(start), pages * 4096, resident.data());
  return static_cast<std::size_t>(std::count_if(resident.begin(), resident.end(), [](unsigned char page) { return page & 1; }));
}

constexpr std::size_t kBlock = BorrowedCache::kBlockBytes;

// Whether a file's bytes can leave the page cache: those of a file system in memory have no other place. Drops them.
bool can_leave_cache(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  struct statfs system;
  const bool on_disk = fstatfs(descriptor, &system) == 0 && system.f_type != TMPFS_MAGIC && fsync(descriptor) == 0;
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_DONTNEED);
  close(descriptor);
  return on_disk;
}

// Reads a range into the page cache, and nothing ahead of it.
void read_into_cache(const std::string& path, std::size_t byte_offset, std::size_t byte_count) {
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  posix_fadvise(descriptor, 0, 0, POSIX_FADV_RANDOM);
  std::vector<char> bytes(byte_count);
  static_cast<void>(pread(descriptor, bytes.data(), byte_count, static_cast<off_t>(byte_offset)) == 0);
  close(descriptor);
}

}  // namespace

void check_borrowed_ranges(Checks& checks) {
  const TemporaryFolder folder;
  constexpr std::size_t kBytes = 3 * kBlock + 5000;
  const std::string path = folder.file("borrowed", kBytes);
  if (!can_leave_cache(path)) {
    std::puts("skipped: what borrows the page cache, which nothing does on tmpfs");
    return;
  }
  SystemError error;
  const auto file = MappedFile::open(path, error);
  read_into_cache(path, kBlock, kBlock);
  BorrowedCache cache(file->data(), kBytes);
  checks.expect(!cache.has(0) && cache.give_back(0, kBytes).empty(), "nothing is borrowed unless it is asked for");
  cache.borrow();
  cache.borrow();
  checks.expect(cache.has(0) && !cache.has(kBlock) && !cache.has(4 * kBlock), "what was there before is not borrowed");
  checks.expect(cache.give_back(1, kBlock - 1).empty() && cache.has(0), "a block stays while a byte of it is to be read");
  const auto ranges = cache.give_back(0, 1);
  checks.expect(ranges.size() == 1 && ranges[0].first == 0 && ranges[0].count == kBlock, "and goes as a whole");
  checks.expect(!cache.has(0) && cache.give_back(0, kBlock).empty(), "once");
  checks.expect(cache.give_back(kBlock, kBlock).empty(), "what was there before stays");
  const auto at_end = cache.give_back(3 * kBlock, std::size_t{1} << 40);
  checks.expect(at_end.size() == 1 && at_end[0].first + at_end[0].count == kBytes, "nothing behind a file is dropped");
  cache.give_back(2 * kBlock, kBlock / 2);
  const auto behind = cache.give_back(2 * kBlock + kBlock / 2, kBlock / 2);
  checks.expect(behind.size() == 1 && behind[0].count == kBytes - 2 * kBlock,
                "with a block go those behind it that were given back before");
  const auto given_back = cache.given_back({kBlock, kBytes - kBlock});
  checks.expect(given_back.size() == 1 && given_back[0].first == 2 * kBlock, "a range tells what of it was given back");
  std::size_t all = 0;
  for (const PageRange& range : cache.give_back_all()) all += range.count;
  checks.expect(all == kBytes - kBlock, "and in the end all that was borrowed goes");
}

void check_borrows(Checks& checks) {
  constexpr std::size_t kPage = 4096, kPages = 3 * kBlock / kPage;
  const TemporaryFolder folder;
  const std::string path = folder.file("borrowed", kPages * kPage + 10);
  if (!can_leave_cache(path)) {
    std::puts("skipped: whether what was borrowed leaves the page cache, which it cannot on tmpfs");
    return;
  }
  SystemError error;
  auto file = MappedFile::open(path, error);
  PagesDone done(std::size_t{1} << 40, kBlock);
  file->populate(0, kPages * kPage);
  file->borrow();
  done.add(file, 0, kBlock);
  checks.expect(cached_pages(file->data(), kPages) == kPages, "what was in the page cache before stays");
  file.reset();
  can_leave_cache(path);
  file = MappedFile::open(path, error);
  file->borrow();
  file->read_ahead(0, kPages * kPage);
  file->populate(0, kPages * kPage);
  done.add(file, 0, kBlock);
  wait_for(checks, "what was borrowed leaves it", [&] { return cached_pages(file->data(), kPages) <= kPages - kBlock / kPage; });
  bool equal = true;
  for (std::size_t i = 0; i < kPages * kPage; ++i) equal &= file->data()[i] == TemporaryFolder::byte_at(i);
  checks.expect(equal, "and can be read again");
  file.reset();
  file = MappedFile::open(path, error);
  checks.expect(cached_pages(file->data(), kPages) == 0, "and with the mapping goes all of it");
}

void check_files_of_others(Checks& checks) {
  if (geteuid() != 0) {
    std::puts("skipped: files of others, which only the superuser can make");
    return;
  }
  constexpr uid_t kNobody = 65534;
  const TemporaryFolder folder;
  const std::string path = folder.file("shared", 2 * kBlock);
  std::filesystem::permissions(folder.path(""), std::filesystem::perms(0755));
  const bool on_disk = can_leave_cache(path);
  checks.expect(seteuid(kNobody) == 0, "the user can be changed");
  SystemError error;
  auto file = MappedFile::open(path, error);
  file->borrow();
  checks.expect(!file->is_borrowed(0), "nothing is borrowed of a file of others");
  file->read_ahead(0, 2 * kBlock);
  checks.expect(seteuid(0) == 0, "and back");
  const auto is_read = [&] { return cached_pages(file->data(), 2 * kBlock / 4096) == 2 * kBlock / 4096; };
  if (on_disk) wait_for(checks, "but it is read ahead", is_read);
}

}  // namespace tiesmith::test
