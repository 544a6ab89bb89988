// SPDX-License-Identifier: GPL-2.0-only
// A tracer that is not this process: for the rules on what a tracer leaves
// behind when it dies, and on what the real parent of a tracee sees.
#ifndef RETRAP_BOOK_TRACER_PROCESS_H_
#define RETRAP_BOOK_TRACER_PROCESS_H_

#include <sys/types.h>

#include <functional>
#include <vector>

namespace retrap::conform {

// Does its steps one by one, each when it is told to. A step is a part of the
// test: it asserts, and its failures are the test's.
class TracerProcess {
 public:
  explicit TracerProcess(const std::vector<std::function<void()>>& steps);
  TracerProcess(const TracerProcess&) = delete;
  TracerProcess& operator=(const TracerProcess&) = delete;
  TracerProcess(TracerProcess&&) = delete;
  TracerProcess& operator=(TracerProcess&&) = delete;
  ~TracerProcess();

  // The next step; asserts that nothing failed in it.
  void step();
  // Dies by SIGKILL, as one does in the midst of its work. On return what it
  // traced is let go.
  void die();

 private:
  [[noreturn]] void serve(
      const std::vector<std::function<void()>>& steps) const noexcept;

  pid_t pid_ = -1;
  int orders_[2] = {-1, -1};
  int answers_[2] = {-1, -1};
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_TRACER_PROCESS_H_
