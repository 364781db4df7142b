// Reading mapped inputs so that a page that vanishes becomes a JS Error that names the file.
#pragma once

#include <memory>
#include <type_traits>
#include <vector>

#include "bindings/addon.h"
#include "io/page_guard.h"

namespace tiesmith {

// A range of a file whose mapping stays open as long as this lives.
struct HeldRange {
  std::shared_ptr<const MappedFile> file;
  std::size_t byte_offset;
  std::size_t byte_count;

  const std::uint8_t* bytes() const { return file->data() + byte_offset; }
  // Maps the pages of the range, in one call. Throws if one cannot be read.
  void populate(Napi::Env env) const;
};

// Checks that the range lies inside the file; throws if not, as for a file that has shrunk.
HeldRange hold_range(Napi::Env env, std::shared_ptr<const MappedFile> file, std::uint64_t byte_offset,
                     std::uint64_t byte_count);

// Throws a JS Error with path, byteOffset, neededBytes (where the range ends) and foundBytes (the file's size).
[[noreturn]] void throw_unreadable(Napi::Env env, const HeldRange& range, std::size_t found_bytes);

void guarded_read_of(Napi::Env env, const std::vector<HeldRange>& ranges, void (*read)(void*), void* argument);

// Runs `body`, a lambda that captures by reference and keeps the rules of `guarded`. Throws if a page of `ranges`
// cannot be read; what `body` wrote is then to be thrown away.
template <class Body>
void guarded_read(Napi::Env env, const std::vector<HeldRange>& ranges, Body body) {
  static_assert(std::is_trivially_destructible_v<Body>);
  guarded_read_of(env, ranges, [](void* argument) { (*static_cast<Body*>(argument))(); }, &body);
}

}  // namespace tiesmith
