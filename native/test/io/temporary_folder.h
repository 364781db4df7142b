// A folder for a test's files, removed with all that is in it.
#pragma once

#include <stdlib.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

namespace tiesmith::test {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string pattern = (std::filesystem::temp_directory_path() / "tiesmith-io-XXXXXX").string();
    if (mkdtemp(pattern.data()) == nullptr) throw std::runtime_error("mkdtemp failed");
    path_ = pattern;
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }

  std::string path(const std::string& name) const { return path_ + "/" + name; }
  // Writes a file of bytes that tell their place.
  std::string file(const std::string& name, std::size_t byte_count) const {
    std::ofstream stream(path(name), std::ios::binary | std::ios::trunc);
    for (std::size_t i = 0; i < byte_count; ++i) stream.put(static_cast<char>(byte_at(i)));
    return path(name);
  }
  std::vector<std::uint8_t> contents(const std::string& name) const {
    std::ifstream stream(path(name), std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  static std::uint8_t byte_at(std::size_t i) { return static_cast<std::uint8_t>(i * 131 + (i >> 8)); }

 private:
  std::string path_;
};

}  // namespace tiesmith::test
