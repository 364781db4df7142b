#include "bindings/guarded_read.h"

namespace tiesmith {

HeldRange hold_range(Napi::Env env, std::shared_ptr<const MappedFile> file, std::uint64_t byte_offset,
                     std::uint64_t byte_count) {
  const std::size_t size = file->size();
  HeldRange range{std::move(file), byte_offset, byte_count};
  if (byte_offset > size || byte_count > size - byte_offset) throw_unreadable(env, range, size);
  return range;
}

void throw_unreadable(Napi::Env env, const HeldRange& range, std::size_t found_bytes) {
  const std::string& path = range.file->path();
  const auto needed_bytes = static_cast<double>(range.byte_offset) + static_cast<double>(range.byte_count);
  auto thrown = Napi::RangeError::New(env, "Expected a range of " + path + " that can be read");
  thrown.Set("path", path);
  thrown.Set("byteOffset", static_cast<double>(range.byte_offset));
  thrown.Set("neededBytes", needed_bytes);
  thrown.Set("foundBytes", static_cast<double>(found_bytes));
  throw thrown;
}

void HeldRange::populate(Napi::Env env) const {
  if (!file->populate(byte_offset, byte_count)) throw_unreadable(env, *this, file->current_size());
}

void guarded_read_of(Napi::Env env, const std::vector<HeldRange>& ranges, void (*read)(void*), void* argument) {
  std::vector<MappedRange> mapped;
  mapped.reserve(ranges.size());
  for (const HeldRange& range : ranges) mapped.push_back({range.bytes(), range.byte_count});
  const auto unreadable = guarded(mapped, read, argument);
  if (unreadable) throw_unreadable(env, ranges[*unreadable], ranges[*unreadable].file->current_size());
}

}  // namespace tiesmith
