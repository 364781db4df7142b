#include "io/xxh3.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace tiesmith {

static_assert(sizeof(XXH3_state_t) <= 576 && alignof(XXH3_state_t) <= 64);

static XXH3_state_t* state_of(unsigned char* room) { return reinterpret_cast<XXH3_state_t*>(room); }

Xxh3::Xxh3() noexcept { XXH3_128bits_reset(state_of(state_)); }

void Xxh3::update(const std::uint8_t* bytes, std::size_t byte_count) noexcept {
  XXH3_128bits_update(state_of(state_), bytes, byte_count);
}

std::string Xxh3::hex() const {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(reinterpret_cast<const XXH3_state_t*>(state_)));
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace tiesmith
