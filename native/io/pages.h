// Ranges of whole pages in a mapping, and having them mapped.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tiesmith {

// In bytes from the start of the mapping. `first` begins a page.
struct PageRange {
  std::size_t first = 0, count = 0;
};

// The pages that hold a byte range, clamped to `size`.
PageRange page_range(std::size_t byte_offset, std::size_t byte_count, std::size_t size);

// Whether the page that has this byte is in the page cache.
bool is_resident(const std::uint8_t* data, std::size_t byte_offset);

// Whether the first, the middle and the last page of a range, which is not empty, are in the page cache.
bool looks_resident(const std::uint8_t* data, const PageRange& range);

enum class Populated { All, Unreadable, Unsupported };

// Maps the pages of a range at once, waiting for those not read yet. `Unreadable` where a page cannot be read;
// `Unsupported` where this kernel cannot do it, or not just now.
Populated populate_pages(const std::uint8_t* data, const PageRange& range);

// Unmaps ranges, and has the page cache let go of them. What others have mapped stays.
void drop_pages(const std::uint8_t* data, int descriptor, const std::vector<PageRange>& ranges) noexcept;

}  // namespace tiesmith
