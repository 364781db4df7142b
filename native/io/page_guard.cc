#include "io/page_guard.h"

#include <setjmp.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>

namespace tiesmith {
namespace {

struct Guard {
  std::span<const MappedRange> ranges;
  volatile std::size_t unreadable;  // written between sigsetjmp and its second return
  sigjmp_buf resume;
};

// What this thread has guarded. A handler may not allocate, but glibc allocates the thread-local variables of a
// loaded library when a thread first touches them, which may be in the handler: hence its static block. musl has
// no such block for loaded libraries, and allocates when a thread or a library starts.
#if defined(__GLIBC__)
[[gnu::tls_model("initial-exec")]]
#endif
thread_local Guard* volatile active = nullptr;

// Written before our handler is in place, and only read by it.
struct sigaction previous;
std::uintptr_t page_bytes;

std::optional<std::size_t> range_of(const Guard& guard, const void* address) {
  // Of the page, since a machine check tells no more.
  const auto touched = reinterpret_cast<std::uintptr_t>(address) / page_bytes;
  for (std::size_t i = 0; i < guard.ranges.size(); ++i) {
    const auto [bytes, byte_count] = guard.ranges[i];
    const auto first = reinterpret_cast<std::uintptr_t>(bytes);
    if (byte_count > 0 && touched >= first / page_bytes && touched <= (first + byte_count - 1) / page_bytes) return i;
  }
  return std::nullopt;
}

// Does what would have happened without us.
void hand_on(int signal, siginfo_t* info, void* context) {
  if ((previous.sa_flags & SA_SIGINFO) != 0) return previous.sa_sigaction(signal, info, context);
  const bool is_fault = info->si_code > 0;
  if (previous.sa_handler == SIG_IGN && !is_fault) return;
  if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) return previous.sa_handler(signal);
  // The default action ends the process. A fault happens again on return, at its own place, as a core dump should
  // show it; a signal that was sent must be sent again.
  const int saved = errno;
  sigaction(SIGBUS, &previous, nullptr);
  if (!is_fault) raise(SIGBUS);
  errno = saved;
}

void on_bus_error(int signal, siginfo_t* info, void* context) {
  Guard* const guard = active;
  // Only faults of this very thread: not what another process sent, nor early news of failing memory.
  const bool is_own = info->si_code > 0 && info->si_code != BUS_MCEERR_AO;
  if (guard != nullptr && is_own) {
    if (const auto range = range_of(*guard, info->si_addr)) {
      guard->unreadable = *range;
      siglongjmp(guard->resume, 1);
    }
  }
  hand_on(signal, info, context);
}

bool is_ours(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 && action.sa_sigaction == on_bus_error;
}

bool is_handler(const struct sigaction& action) {
  return (action.sa_flags & SA_SIGINFO) != 0 || (action.sa_handler != SIG_DFL && action.sa_handler != SIG_IGN);
}

struct Installation {
  std::mutex mutex;
  std::size_t holds = 0;
  bool installed = false;  // though perhaps below somebody else's handler, which may call ours
};

Installation& installation() {
  static Installation one;
  return one;
}

}  // namespace

PageGuardHold::PageGuardHold() {
  Installation& state = installation();
  const std::lock_guard lock(state.mutex);
  state.holds += 1;
  struct sigaction current = {};
  sigaction(SIGBUS, nullptr, &current);
  // Above a handler that calls ours, ours would go round in a circle with it.
  if (is_ours(current) || (state.installed && is_handler(current))) return;
  previous = current;
  page_bytes = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  struct sigaction ours = {};
  ours.sa_sigaction = on_bus_error;
  // Not blocked while it is handled, so that leaving the handler by a jump needs no system call to unblock it.
  ours.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK;
  sigemptyset(&ours.sa_mask);
  state.installed = sigaction(SIGBUS, &ours, nullptr) == 0;
}

PageGuardHold::~PageGuardHold() {
  Installation& state = installation();
  const std::lock_guard lock(state.mutex);
  state.holds -= 1;
  struct sigaction current = {};
  sigaction(SIGBUS, nullptr, &current);
  // What was put above ours since may call it: then ours has to stay below.
  if (state.holds > 0 || !is_ours(current)) return;
  sigaction(SIGBUS, &previous, nullptr);
  state.installed = false;
}

std::optional<std::size_t> guarded(std::span<const MappedRange> ranges, void (*read)(void* argument),
                                   void* argument) noexcept {
  Guard guard{ranges, 0, {}};
  if (sigsetjmp(guard.resume, 0) != 0) {
    active = nullptr;
    return guard.unreadable;
  }
  active = &guard;
  read(argument);
  active = nullptr;
  return std::nullopt;
}

}  // namespace tiesmith
