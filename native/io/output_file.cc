#include "io/output_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>

namespace tiesmith {
namespace {

// The size of a large page: scratch of 8 MiB is then made of whole ones.
constexpr std::size_t kScratchAlignment = 2 << 20;

SystemError write_all(int descriptor, const std::uint8_t* bytes, std::size_t byte_count, std::uint64_t byte_offset) {
  while (byte_count > 0) {
    const ssize_t written = pwrite(descriptor, bytes, byte_count, static_cast<off_t>(byte_offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return {errno, "pwrite"};
    if (written == 0) return {EIO, "pwrite"};
    bytes += written;
    byte_offset += static_cast<std::uint64_t>(written);
    byte_count -= static_cast<std::size_t>(written);
  }
  return {};
}

}  // namespace

SystemError reserve_file(const std::string& path, std::uint64_t byte_count) {
  const int descriptor = ::open(path.c_str(), O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0666);
  if (descriptor < 0) return {errno, "open"};
  SystemError error;
  const auto length = static_cast<off_t>(byte_count);
#if defined(__linux__)
  while (length > 0 && fallocate(descriptor, 0, 0, length) != 0) {
    if (errno == EINTR) continue;
    error = {errno, "fallocate"};
    break;
  }
  const bool unsupported = error.code == EOPNOTSUPP || error.code == ENOSYS;
#else
  const bool unsupported = true;
#endif
  if (unsupported) {
    error = {};
    if (ftruncate(descriptor, length) != 0) error = {errno, "ftruncate"};
  }
  if (::close(descriptor) != 0 && !error) error = {errno, "close"};
  if (error) unlink(path.c_str());
  return error;
}

AlignedBuffer::AlignedBuffer(std::size_t byte_count, Pages pages)
    : data_(static_cast<std::uint8_t*>(::operator new(byte_count, std::align_val_t{kScratchAlignment}))),
      size_(byte_count) {
#if defined(MADV_HUGEPAGE)
  // A direct write pins every page of its memory: of 2 MiB pages there are 512 times fewer. A hint only.
  madvise(data_, size_, pages == Pages::Large ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#endif
}

AlignedBuffer::~AlignedBuffer() { ::operator delete(data_, std::align_val_t{kScratchAlignment}); }

std::shared_ptr<OutputFile> OutputFile::open(const std::string& path, SystemError& error) {
  const int buffered = ::open(path.c_str(), O_WRONLY | O_CLOEXEC);
  if (buffered < 0) {
    error = {errno, "open"};
    return nullptr;
  }
#if defined(O_DIRECT)
  const int direct = ::open(path.c_str(), O_WRONLY | O_CLOEXEC | O_DIRECT);  // -1 on tmpfs and others
#else
  const int direct = -1;
#endif
  return std::shared_ptr<OutputFile>(new OutputFile(buffered, direct));
}

OutputFile::~OutputFile() {
  ::close(buffered_);
  if (direct_ >= 0) ::close(direct_);
}

SystemError OutputFile::write(const std::uint8_t* bytes, std::size_t byte_count, std::uint64_t byte_offset) {
  const std::size_t head = std::min<std::uint64_t>(byte_count, (kDirectBytes - byte_offset % kDirectBytes) % kDirectBytes);
  const std::size_t body = direct_works_ ? (byte_count - head) / kDirectBytes * kDirectBytes : 0;
  if (const SystemError error = write_all(buffered_, bytes, head, byte_offset)) return error;
  if (body > 0) {
    const SystemError error = write_all(direct_, bytes + head, body, byte_offset + head);
    if (error.code == EINVAL) {
      // A file system that opens with O_DIRECT and then refuses it.
      direct_works_ = false;
      return write_all(buffered_, bytes + head, byte_count - head, byte_offset + head);
    }
    if (error) return error;
  }
  return write_all(buffered_, bytes + head + body, byte_count - head - body, byte_offset + head + body);
}

}  // namespace tiesmith
