// What a kernel set did with a case, as named byte strings: two sets agree if their transcripts are equal.
#pragma once

#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace tiesmith::test {

class Transcript {
 public:
  template <class... T>
  void add(std::string name, T... values) {
    static_assert((std::is_arithmetic_v<T> && ...), "fields one by one: structs have padding");
    std::string bytes;
    (append(bytes, values), ...);
    entries_.emplace_back(std::move(name), std::move(bytes));
  }
  void add_bytes(std::string name, const void* data, std::size_t byte_count) {
    entries_.emplace_back(std::move(name), std::string(static_cast<const char*>(data), byte_count));
  }

  // Where the first difference is; empty if there is none.
  std::string difference(const Transcript& other) const {
    if (entries_.size() != other.entries_.size()) return "the number of entries";
    for (std::size_t i = 0; i < entries_.size(); ++i) {
      const auto& [name, bytes] = entries_[i];
      const auto& [other_name, other_bytes] = other.entries_[i];
      if (name != other_name) return name + " stands where the other has " + other_name;
      if (bytes.size() != other_bytes.size()) return "the size of " + name;
      for (std::size_t b = 0; b < bytes.size(); ++b)
        if (bytes[b] != other_bytes[b]) return name + " at byte " + std::to_string(b);
    }
    return "";
  }

 private:
  template <class T>
  static void append(std::string& bytes, T value) {
    char raw[sizeof value];
    std::memcpy(raw, &value, sizeof value);
    bytes.append(raw, sizeof value);
  }
  std::vector<std::pair<std::string, std::string>> entries_;
};

}  // namespace tiesmith::test
