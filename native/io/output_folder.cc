#ifndef _GNU_SOURCE
#define _GNU_SOURCE  // F_OFD_SETLK
#endif
#include "io/output_folder.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#if defined(__linux__)
#include <sys/syscall.h>
#endif

namespace tiesmith {
namespace {

#if defined(F_OFD_SETLK)
// Open file description locks (Linux 3.15): unlike POSIX locks, two merges of one process exclude each other, and
// closing some other descriptor of the file does not give the lock away.
struct flock whole_file() {
  struct flock range {};
  range.l_type = F_WRLCK;
  range.l_whence = SEEK_SET;
  return range;
}
#endif

}  // namespace

LockState try_lock(int descriptor, SystemError& error) {
#if defined(F_OFD_SETLK)
  struct flock range = whole_file();
  while (fcntl(descriptor, F_OFD_SETLK, &range) != 0) {
    if (errno == EAGAIN || errno == EACCES) return LockState::held;
    if (errno == EINTR) continue;
    error = {errno, "fcntl"};
    break;
  }
#else
  static_cast<void>(descriptor);
  error = {ENOTSUP, "fcntl"};
#endif
  return LockState::free;
}

LockState lock_state(int descriptor, SystemError& error) {
#if defined(F_OFD_SETLK)
  struct flock range = whole_file();
  if (fcntl(descriptor, F_OFD_GETLK, &range) != 0)
    error = {errno, "fcntl"};
  else if (range.l_type != F_UNLCK)
    return LockState::held;
#else
  static_cast<void>(descriptor);
  error = {ENOTSUP, "fcntl"};
#endif
  return LockState::free;
}

bool exchange_paths(const std::string& a, const std::string& b, SystemError& error) {
#if defined(__linux__) && defined(SYS_renameat2)
  // The system call itself: older C libraries have no function for it. Linux 3.15; not over NFS.
  constexpr unsigned kExchange = 1U << 1;
  if (syscall(SYS_renameat2, AT_FDCWD, a.c_str(), AT_FDCWD, b.c_str(), kExchange) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS && errno != EOPNOTSUPP) error = {errno, "renameat2"};
#else
  static_cast<void>(a), static_cast<void>(b), static_cast<void>(error);
#endif
  return false;
}

}  // namespace tiesmith
