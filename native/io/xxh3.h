// XXH3-128, the hash of chunks: at memory speed, so that hashing in the merge costs next to nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace tiesmith {

class Xxh3 {
 public:
  Xxh3() noexcept;
  void update(const std::uint8_t* bytes, std::size_t byte_count) noexcept;
  // The canonical (big-endian) digest as 32 hexadecimal digits.
  std::string hex() const;

 private:
  // XXH3_state_t, kept out of this header; its size and alignment are checked where it is defined.
  alignas(64) unsigned char state_[576];
};

}  // namespace tiesmith
