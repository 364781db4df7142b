// shared_state_test [ROUNDS]: all that threads of one process share, hammered at once: the registry of mappings,
// one output file, and the choice of the kernels. A plain program for ThreadSanitizer.
#include <barrier>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "io/mapped_file.h"
#include "io/output_file.h"
#include "io/xxh3.h"
#include "kernels/kernel_sets.h"
#include "test/io/check.h"
#include "test/io/temporary_folder.h"

namespace tiesmith::test {
namespace {

constexpr int kThreads = 8;
constexpr std::size_t kFileBytes = 3 * 4096 + 5;

// Every thread starts when all are there, so that first uses meet.
template <class Work>
void at_once(Work work) {
  std::barrier start(kThreads);
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t)
    threads.emplace_back([&, t] {
      start.arrive_and_wait();
      work(t);
    });
  for (std::thread& thread : threads) thread.join();
}

std::string hash_of(const MappedFile& file) {
  Xxh3 hash;
  hash.update(file.data(), file.size());
  return hash.hex();
}

void check_kernel_choice(Checks& checks) {
  const KernelTable* chosen[kThreads] = {};
  at_once([&](int t) { chosen[t] = chosen_kernels(); });
  for (const KernelTable* table : chosen) checks.expect(table != nullptr && table == chosen[0], "one choice for all");
}

// Opening, reading and closing three files, while one of them is replaced by others of its name: last users unmap
// while new ones look for the mapping.
void check_registry(Checks& checks, int rounds) {
  const TemporaryFolder folder;
  const std::vector<std::string> names = {"a", "b", "replaced"};
  for (const std::string& name : names) folder.file(name, kFileBytes);
  SystemError error;
  const std::string expected = hash_of(*MappedFile::open(folder.path("a"), error));
  at_once([&](int t) {
    for (int round = 0; round < rounds; ++round) {
      if (t == 0) {
        folder.file("next", kFileBytes);
        std::filesystem::rename(folder.path("next"), folder.path("replaced"));
      }
      SystemError failure;
      const auto file = MappedFile::open(folder.path(names[static_cast<std::size_t>(t + round) % names.size()]), failure);
      if (file == nullptr) {
        checks.expect(false, "a file that is there opens");
        continue;
      }
      file->read_ahead(0, file->size());
      checks.expect(file->populate(4096, 4096), "pages can be had");
      checks.expect(hash_of(*file) == expected, "every thread reads the file's bytes");
    }
  });
}

// One output file, each thread writing blocks of its own, every other one from odd memory: direct I/O refuses that,
// and the thread that is refused tells all the others to write through the page cache.
void check_output(Checks& checks, int rounds) {
  const TemporaryFolder folder;
  const std::size_t stripe = 5 * kDirectBytes;
  checks.expect(!reserve_file(folder.path("out"), kThreads * stripe), "the output is reserved");
  SystemError error;
  const auto output = OutputFile::open(folder.path("out"), error);
  at_once([&](int t) {
    const std::size_t oddity = t % 2 == 0 ? 0 : 1;
    const AlignedBuffer scratch(stripe);
    for (std::size_t i = 0; i < stripe; ++i) scratch.data()[i] = static_cast<std::uint8_t>(t + 1);
    for (int round = 0; round < rounds; ++round)
      if (output->write(scratch.data() + oddity, stripe - oddity, static_cast<std::uint64_t>(t) * stripe))
        checks.expect(false, "a stripe is written");
  });
  const std::vector<std::uint8_t> bytes = folder.contents("out");
  bool right = bytes.size() == kThreads * stripe;
  for (std::size_t i = 0; right && i < bytes.size(); ++i) {
    const bool skipped = i / stripe % 2 == 1 && i % stripe == stripe - 1;
    right = bytes[i] == (skipped ? 0 : i / stripe + 1);
  }
  checks.expect(right, "every stripe is its thread's");
}

}  // namespace
}  // namespace tiesmith::test

int main(int argument_count, char** arguments) {
  const int rounds = argument_count > 1 ? std::atoi(arguments[1]) : 200;
  tiesmith::test::Checks checks;
  tiesmith::test::check_kernel_choice(checks);
  tiesmith::test::check_registry(checks, rounds);
  tiesmith::test::check_output(checks, rounds);
  return checks.finish();
}
