// The floor of a merge: the least time in which this machine can read the inputs and write the output.
//
//   floor cold     --out FILE --bytes N [--readers R] [--writers W] INPUT…
//   floor warm     --out FILE --bytes N --threads T [--writers W] [--populate faults|advise] INPUT…
//   floor evict    INPUT…      fsync, then drop the inputs from the page cache
//   floor touch    INPUT…      read the inputs into the page cache
//   floor resident INPUT…      the share of the inputs that the page cache holds
//
// Each prints one JSON object. Build: c++ -O3 -march=native -std=c++20 -pthread floor.cc -o floor
//
// Cold reads every input byte once by direct I/O; warm sums the inputs, as 64-bit words, through a mapping that
// is already in the page cache. Both write the output's bytes by direct I/O to a reserved file meanwhile, and end
// with an fsync. The clock runs from opening the files until the mappings are gone.

#include <atomic>
#include <chrono>
#include <cinttypes>
#include <memory>
#include <thread>

#include "arguments.h"
#include "direct_file.h"
#include "page_cache.h"

namespace {

using namespace bench;

// Requests in flight. On a virtual disk of 1.9 GB/s, 4 to 32 readers and 2 to 16 writers were within the noise of
// each other; faster disks may want more, by flag.
constexpr std::uint64_t kReaders = 8;
constexpr std::uint64_t kWriters = 4;

struct BlockTask {
  std::size_t file;
  std::uint64_t block;
};

std::vector<BlockTask> list_blocks(const std::vector<std::uint64_t>& file_bytes) {
  std::vector<BlockTask> tasks;
  for (std::size_t file = 0; file < file_bytes.size(); ++file) {
    const std::uint64_t blocks = round_up(file_bytes[file], kBlockBytes) / kBlockBytes;
    for (std::uint64_t block = 0; block < blocks; ++block) tasks.push_back({file, block});
  }
  return tasks;
}

// Random bytes, since a disk or its host may store zeros without writing them.
void fill_block(AlignedBlock& block, std::uint64_t seed) {
  std::uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
  for (std::uint64_t at = 0; at < kBlockBytes; at += sizeof state) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    std::memcpy(block.data() + at, &state, sizeof state);
  }
}

std::vector<std::unique_ptr<AlignedBlock>> make_blocks(std::uint64_t count) {
  std::vector<std::unique_ptr<AlignedBlock>> blocks;
  for (std::uint64_t at = 0; at < count; ++at) {
    blocks.push_back(std::make_unique<AlignedBlock>());
    fill_block(*blocks.back(), at + 1);
  }
  return blocks;
}

std::uint64_t sum_words(const std::byte* data, std::uint64_t bytes) {
  std::uint64_t sum = 0;
  const std::uint64_t words = bytes / sizeof sum;
  for (std::uint64_t at = 0; at < words; ++at) {
    std::uint64_t word;
    std::memcpy(&word, data + at * sizeof word, sizeof word);
    sum += word;
  }
  std::uint64_t rest = 0;
  if (bytes % sizeof rest != 0) std::memcpy(&rest, data + words * sizeof rest, bytes % sizeof rest);
  return sum + rest;
}

// Writers of the whole output; the thread that joins them finishes the file.
class Output {
 public:
  Output(const std::string& path, std::uint64_t bytes, std::vector<std::unique_ptr<AlignedBlock>>& blocks)
      : file_(DirectFile::create(path, bytes)) {
    for (auto& block : blocks) {
      writers_.emplace_back([this, block = block.get()] {
        for (std::uint64_t at; (at = next_.fetch_add(1)) < file_.block_count();) file_.write_block(at, *block);
      });
    }
  }

  bool finish() {
    for (std::thread& writer : writers_) writer.join();
    file_.finish();
    return file_.direct();
  }

 private:
  DirectFile file_;
  std::atomic<std::uint64_t> next_{0};
  std::vector<std::thread> writers_;
};

struct FloorResult {
  std::uint64_t read_bytes = 0;
  std::uint64_t checksum = 0;
  bool direct = true;
};

FloorResult run_cold(const Arguments& arguments, const std::vector<std::string>& inputs,
                     std::vector<std::unique_ptr<AlignedBlock>>& write_blocks,
                     std::vector<std::unique_ptr<AlignedBlock>>& read_blocks) {
  Output output(arguments.text("out"), arguments.count("bytes"), write_blocks);
  FloorResult result;
  std::vector<DirectFile> files;
  std::vector<std::uint64_t> file_bytes;
  for (const std::string& path : inputs) {
    files.push_back(DirectFile::open_for_read(path));
    file_bytes.push_back(files.back().bytes());
    result.read_bytes += files.back().bytes();
    result.direct = result.direct && files.back().direct();
  }
  const std::vector<BlockTask> tasks = list_blocks(file_bytes);
  std::atomic<std::size_t> next{0};
  std::vector<std::thread> readers;
  for (auto& block : read_blocks) {
    readers.emplace_back([&, block = block.get()] {
      for (std::size_t at; (at = next.fetch_add(1)) < tasks.size();) {
        files[tasks[at].file].read_block(tasks[at].block, *block);
      }
    });
  }
  for (std::thread& reader : readers) reader.join();
  result.direct = output.finish() && result.direct;
  return result;
}

FloorResult run_warm(const Arguments& arguments, const std::vector<std::string>& inputs,
                     std::vector<std::unique_ptr<AlignedBlock>>& write_blocks) {
  const bool advise = arguments.text("populate", "advise") == "advise";
  Output output(arguments.text("out"), arguments.count("bytes"), write_blocks);
  FloorResult result;
  std::vector<MappedFile> files;
  std::vector<std::uint64_t> file_bytes;
  for (const std::string& path : inputs) {
    files.emplace_back(path);
    file_bytes.push_back(files.back().bytes());
    result.read_bytes += files.back().bytes();
  }
  const std::vector<BlockTask> tasks = list_blocks(file_bytes);
  std::atomic<std::size_t> next{0};
  std::atomic<std::uint64_t> checksum{0};
  std::vector<std::thread> summers;
  for (std::uint64_t summer = 0; summer < arguments.count("threads"); ++summer) {
    summers.emplace_back([&] {
      std::uint64_t sum = 0;
      for (std::size_t at; (at = next.fetch_add(1)) < tasks.size();) {
        const MappedFile& file = files[tasks[at].file];
        const std::uint64_t from = tasks[at].block * kBlockBytes;
        const std::uint64_t bytes = std::min(kBlockBytes, file.bytes() - from);
        if (advise) madvise(const_cast<std::byte*>(file.data() + from), bytes, MADV_POPULATE_READ);
        sum += sum_words(file.data() + from, bytes);
      }
      checksum += sum;
    });
  }
  for (std::thread& summer : summers) summer.join();
  result.direct = output.finish();
  result.checksum = checksum;
  return result;
}

void run_floor(const std::string& mode, const Arguments& arguments, const std::vector<std::string>& inputs) {
  auto write_blocks = make_blocks(arguments.count("writers", kWriters));
  auto read_blocks = make_blocks(mode == "cold" ? arguments.count("readers", kReaders) : 0);
  const auto start = std::chrono::steady_clock::now();
  const FloorResult result = mode == "cold" ? run_cold(arguments, inputs, write_blocks, read_blocks)
                                            : run_warm(arguments, inputs, write_blocks);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  std::printf("{\"seconds\":%.6f,\"readBytes\":%" PRIu64 ",\"writtenBytes\":%" PRIu64
              ",\"directIo\":%s,\"checksum\":\"%016" PRIx64 "\"}\n",
              elapsed.count(), result.read_bytes, arguments.count("bytes"), result.direct ? "true" : "false",
              result.checksum);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv);
  if (arguments.words().empty()) fail("Expected a mode: cold, warm, evict, touch or resident");
  const std::string mode = arguments.words().front();
  const std::vector<std::string> inputs(arguments.words().begin() + 1, arguments.words().end());
  if (inputs.empty()) fail("Expected input files after " + mode);
  if (mode == "cold" || mode == "warm") {
    run_floor(mode, arguments, inputs);
    return 0;
  }
  if (mode == "evict") {
    evict_from_page_cache(inputs);
  } else if (mode == "touch") {
    read_into_page_cache(inputs, std::max(2u, std::thread::hardware_concurrency()));
  } else if (mode != "resident") {
    fail("Expected a mode of cold, warm, evict, touch or resident, but received " + mode);
  }
  std::printf("{\"residentShare\":%.6f}\n", measure_residency(inputs).share());
  return 0;
}
