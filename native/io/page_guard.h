// Reading mappings whose pages may vanish. Touching a page that the system cannot give, because the file shrank or
// its disk failed, raises SIGBUS, which would end the process; inside `guarded` it ends the read instead.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace tiesmith {

struct MappedRange {
  const std::uint8_t* bytes;
  std::size_t byte_count;
};

// Keeps our handler of SIGBUS in place, from the first hold of the process to the last; every mapping has one.
// Whatever is not a fault in a guarded range goes to the action that was there before.
class PageGuardHold {
 public:
  PageGuardHold();
  ~PageGuardHold();
  PageGuardHold(const PageGuardHold&) = delete;
  PageGuardHold& operator=(const PageGuardHold&) = delete;
};

// Calls read(argument), which reads `ranges`, while a PageGuardHold lives. Gives nothing if it came back, or which
// of the ranges has a page that cannot be read. `read` is then left where it stood, without unwinding: neither it
// nor what it calls may hold a lock, own anything with a destructor, allocate, or call Node-API. Does not nest.
std::optional<std::size_t> guarded(std::span<const MappedRange> ranges, void (*read)(void* argument),
                                   void* argument) noexcept;

}  // namespace tiesmith
