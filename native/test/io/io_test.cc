// io_test: mappings, direct writes and hashes at the edges of blocks and files, as a plain program for sanitizers.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

#include "io/borrowed_cache.h"
#include "io/mapped_file.h"
#include "io/output_file.h"
#include "io/pages.h"
#include "io/pages_done.h"
#include "io/read_ahead.h"
#include "io/xxh3.h"
#include "test/io/borrowed_cache_checks.h"
#include "test/io/check.h"
#include "test/io/temporary_folder.h"

namespace tiesmith::test {
namespace {

void check_mappings(Checks& checks) {
  const TemporaryFolder folder;
  SystemError error;
  checks.expect(MappedFile::open(folder.path("none"), error) == nullptr && error.code == ENOENT, "no file, no mapping");
  error = {};
  checks.expect(MappedFile::open(folder.path(""), error) == nullptr && error, "a folder is not mapped");
  error = {};
  const auto empty = MappedFile::open(folder.file("empty", 0), error);
  checks.expect(empty != nullptr && !error && empty->size() == 0, "an empty file has a mapping without bytes");
  empty->read_ahead(0, 100);
  checks.expect(empty->populate(0, 100), "nothing to populate is no failure");

  const std::size_t size = 3 * 4096 + 17;
  const std::string path = folder.file("bytes", size);
  std::filesystem::create_hard_link(path, folder.path("link"));
  auto first = MappedFile::open(path, error);
  auto second = MappedFile::open(folder.path("link"), error);
  checks.expect(first == second && first->size() == size, "one mapping for one (device, inode)");
  bool equal = true;
  for (std::size_t i = 0; i < size; ++i) equal &= first->data()[i] == TemporaryFolder::byte_at(i);
  checks.expect(equal, "the mapping holds the file's bytes");
  for (const std::size_t offset : {std::size_t{0}, std::size_t{1}, std::size_t{4095}, size - 1, size, size + 1, size_t{1} << 53})
    for (const std::size_t count : {std::size_t{0}, std::size_t{1}, size, size_t{1} << 53}) {
      first->read_ahead(offset, count);
      checks.expect(first->populate(offset, count), "any range is clamped to the file");
    }

  // Another size: the file has changed, and so must the mapping, while the old one stays with who holds it.
  folder.file("bytes", size + 4096);
  const auto longer = MappedFile::open(path, error);
  checks.expect(longer != first && longer->size() == size + 4096, "a file that has grown is mapped anew");
  const std::weak_ptr<const MappedFile> gone = first;
  first.reset();
  second.reset();
  checks.expect(gone.expired(), "the last user's release unmaps");
}

// The KiB of a mapping that the process has in its page tables.
long mapped_kib(const std::uint8_t* start) {
  std::ostringstream begin;
  begin << std::hex << reinterpret_cast<std::uintptr_t>(start) << '-';
  std::ifstream maps("/proc/self/smaps");
  bool found = false;
  for (std::string line; std::getline(maps, line);) {
    if (line.rfind(begin.str(), 0) == 0) found = true;
    if (found && line.rfind("Rss:", 0) == 0) return std::stol(line.substr(4));
  }
  return -1;
}

void check_pages_done(Checks& checks) {
  constexpr std::size_t kPage = 4096, kPages = 64;
  const TemporaryFolder folder;
  SystemError error;
  auto file = MappedFile::open(folder.file("pages", kPages * kPage), error);
  const auto map_all = [&] { checks.expect(file->populate(0, kPages * kPage), "all pages can be mapped"); };
  map_all();
  checks.expect(mapped_kib(file->data()) == kPages * 4, "all pages are mapped");

  PagesDone done(32 * kPage);
  done.add(file, 100, 16 * kPage);
  checks.expect(mapped_kib(file->data()) == kPages * 4, "few pages are kept until there are more");
  // Continues the first range, so that the page which they share goes, too; those at the ends stay.
  done.add(file, 100 + 16 * kPage, 16 * kPage);
  checks.expect(mapped_kib(file->data()) == (kPages - 31) * 4, "whole pages of all ranges are unmapped at once");
  bool equal = true;
  for (std::size_t i = 0; i < kPages * kPage; ++i) equal &= file->data()[i] == TemporaryFolder::byte_at(i);
  checks.expect(equal, "and can be read again");

  map_all();
  done.add(file, 0, kPage);
  done.add(file, 40 * kPage, 31 * kPage - kPage);
  checks.expect(mapped_kib(file->data()) == kPages * 4, "what was unmapped counts no more");
  const std::weak_ptr<const MappedFile> gone = file;
  file.reset();
  checks.expect(gone.expired(), "a file that others close is not held");
  auto other = MappedFile::open(folder.file("other", 2 * kPage), error);
  done.add(other, 0, 2 * kPage);
  checks.expect(other->data()[0] == TemporaryFolder::byte_at(0), "ranges of closed files are passed over");
}

void check_read_ahead(Checks& checks) {
  constexpr std::size_t kBytes = (std::size_t{20} << 20) + 4096;
  const TemporaryFolder folder;
  SystemError error;
  const std::string path = folder.file("ahead", kBytes);
  const auto file = MappedFile::open(path, error);
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const BorrowedCache nothing(file->data(), kBytes);
  {
    ReadAhead ahead(file->data(), descriptor, nothing);
    ahead.skip({0, kBytes});  // before anything was asked for
    ahead.ask({0, 4096});
    ahead.ask({8192, kBytes - 8192});
    // Where a kernel cannot map pages ahead, they are read all the same.
    if (populate_pages(file->data(), {0, 4096}) == Populated::Unsupported) std::puts("skipped: pages mapped ahead");
    else wait_for(checks, "all ranges are mapped", [&] { return mapped_kib(file->data()) >= long{kBytes / 1024 - 4}; });
    ahead.ask({0, 4096});
    wait_for(checks, "and a thread that had ended begins again", [&] { return looks_resident(file->data(), {0, 4096}); });
  }
  {
    ReadAhead ahead(file->data(), descriptor, nothing);
    for (int i = 0; i < 100; ++i) {
      ahead.ask({0, kBytes});
      ahead.skip({0, i % 2 == 0 ? kBytes : std::size_t{8} << 20});
    }
    ahead.stop();
    ahead.stop();
    checks.expect(true, "what is skipped or stopped does no harm");
  }
  std::filesystem::resize_file(path, 4096);
  ReadAhead cut(file->data(), descriptor, nothing);
  cut.ask({0, kBytes});
  checks.expect(!file->populate(8192, 4096), "a page that is gone is for its reader to find, not for the one ahead");
  close(descriptor);
}

void check_writes(Checks& checks) {
  const TemporaryFolder folder;
  SystemError error;
  checks.expect(OutputFile::open(folder.path("none"), error) == nullptr && error.code == ENOENT, "no file, no output");
  const std::size_t size = 5 * kDirectBytes + 123;
  checks.expect(!reserve_file(folder.path("out"), size), "a file can be reserved");
  checks.expect(reserve_file(folder.path("out"), size).code == EEXIST, "and only once");
  checks.expect(std::filesystem::file_size(folder.path("out")) == size, "with its size");
  checks.expect(static_cast<bool>(reserve_file(folder.path("huge"), std::uint64_t{1} << 62)), "no disk has 2^62 bytes");
  checks.expect(!std::filesystem::exists(folder.path("huge")), "and then no file is left");
  checks.expect(!reserve_file(folder.path("nothing"), 0), "a file without bytes can be reserved");

  error = {};
  const auto output = OutputFile::open(folder.path("out"), error);
  checks.expect(output != nullptr && !error, "a reserved file opens");
  std::vector<std::uint8_t> expected(size, 0);
  // Starts and lengths around the edges of blocks, the scratch of exactly the size that is needed.
  for (const std::size_t start : {0u, 1u, 4095u, 4096u, 4097u, 8191u, 12288u})
    for (const std::size_t count : {0u, 1u, 4095u, 4096u, 4097u, 8192u, 8193u}) {
      if (start + count > size) continue;
      const std::size_t lead = start % kDirectBytes;
      const AlignedBuffer scratch(lead + count);
      for (std::size_t i = 0; i < count; ++i)
        expected[start + i] = scratch.data()[lead + i] = static_cast<std::uint8_t>(start + count + i);
      checks.expect(!output->write(scratch.data() + lead, count, start), "a range is written");
    }
  checks.expect(folder.contents("out") == expected, "ranges land where they belong, and nowhere else");
  const AlignedBuffer byte(1);
  byte.data()[0] = 1;
  checks.expect(static_cast<bool>(output->write(byte.data(), 1, std::uint64_t{1} << 62)), "no file has a byte 2^62");
}

void check_hashes(Checks& checks) {
  // XXH3-128 of nothing, as the specification gives it.
  checks.expect(Xxh3().hex() == "99aa06d3014798d86001c324468d497f", "the hash of nothing");
  const std::vector<std::uint8_t> bytes = [] {
    std::vector<std::uint8_t> made(100'003);
    for (std::size_t i = 0; i < made.size(); ++i) made[i] = TemporaryFolder::byte_at(i);
    return made;
  }();
  Xxh3 whole;
  whole.update(bytes.data(), bytes.size());
  for (const std::size_t step : {1u, 63u, 256u, 1024u, 65'537u}) {
    Xxh3 parts;
    for (std::size_t at = 0; at < bytes.size(); at += step)
      parts.update(bytes.data() + at, std::min(step, bytes.size() - at));
    checks.expect(parts.hex() == whole.hex(), "a hash does not depend on how the bytes were cut");
  }
  Xxh3 none;
  none.update(nullptr, 0);
  checks.expect(none.hex() == Xxh3().hex(), "no bytes at no address are no bytes");
}

}  // namespace
}  // namespace tiesmith::test

int main() {
  tiesmith::test::Checks checks;
  tiesmith::test::check_mappings(checks);
  tiesmith::test::check_pages_done(checks);
  tiesmith::test::check_read_ahead(checks);
  tiesmith::test::check_borrowed_ranges(checks);
  tiesmith::test::check_borrows(checks);
  tiesmith::test::check_files_of_others(checks);
  tiesmith::test::check_writes(checks);
  tiesmith::test::check_hashes(checks);
  return checks.finish();
}
