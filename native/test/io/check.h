// Checks of the plain C++ tests of native/io: counted, told on failure, never ending the run.
#pragma once

#include <atomic>
#include <cstdio>
#include <string>

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

}  // namespace tiesmith::test
