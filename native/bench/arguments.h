// Command-line flags of the bench programs: `--name value` pairs and bare words.
#pragma once

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <string>
#include <vector>

namespace bench {

// The bench programs have no caller to hand an error to: they say what is wrong and stop.
[[noreturn]] inline void fail(const std::string& message) {
  std::fprintf(stderr, "%s\n", message.c_str());
  std::exit(1);
}

class Arguments {
 public:
  Arguments(int argc, char** argv) {
    for (int at = 1; at < argc; ++at) {
      const std::string word = argv[at];
      if (word.rfind("--", 0) != 0) {
        words_.push_back(word);
      } else if (at + 1 < argc) {
        flags_[word.substr(2)] = argv[++at];
      } else {
        fail("Expected a value after " + word);
      }
    }
  }

  const std::vector<std::string>& words() const { return words_; }

  std::string text(const std::string& name, const std::string& fallback) const {
    const auto found = flags_.find(name);
    return found == flags_.end() ? fallback : found->second;
  }

  std::string text(const std::string& name) const {
    const auto found = flags_.find(name);
    if (found == flags_.end()) fail("Expected --" + name + ", but it is missing");
    return found->second;
  }

  std::uint64_t count(const std::string& name) const { return parse_count(name, text(name)); }

  std::uint64_t count(const std::string& name, std::uint64_t fallback) const {
    const auto found = flags_.find(name);
    return found == flags_.end() ? fallback : parse_count(name, found->second);
  }

 private:
  static std::uint64_t parse_count(const std::string& name, const std::string& value) {
    char* end = nullptr;
    const std::uint64_t parsed = std::strtoull(value.c_str(), &end, 10);
    if (value.empty() || *end != '\0' || value[0] == '-') {
      fail("Expected a whole number for --" + name + ", but received " + value);
    }
    return parsed;
  }

  std::vector<std::string> words_;
  std::map<std::string, std::string> flags_;
};

}  // namespace bench
