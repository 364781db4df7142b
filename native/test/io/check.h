// Checks of the plain C++ tests of native/io: counted, told on failure, never ending the run.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>

namespace tiesmith::test {

// What has passed and failed; any thread may record.
class Checks {
 public:
  void expect(bool holds, const std::string& what) {
    (holds ? passed_ : failed_) += 1;
    if (!holds) std::printf("FAILED: %s\n", what.c_str());
  }
  // Prints the totals as kernel_test does; gives the exit status.
  int finish() const {
    std::printf("%u passed, %u failed\n", passed_.load(), failed_.load());
    return failed_ == 0 && passed_ > 0 ? 0 : 1;
  }

 private:
  std::atomic<unsigned> passed_{0}, failed_{0};
};

// Waits up to ten seconds for what other threads bring about.
inline void wait_for(Checks& checks, const char* what, const std::function<bool()>& holds) {
  for (int tries = 0; tries < 5000 && !holds(); ++tries) std::this_thread::sleep_for(std::chrono::milliseconds(2));
  checks.expect(holds(), what);
}

}  // namespace tiesmith::test
