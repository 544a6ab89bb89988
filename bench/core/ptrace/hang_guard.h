// SPDX-License-Identifier: GPL-2.0-only
// Ends a test that hangs, for a program of many tests.
//
// A process of its own, forked once: to fork it for every tracee takes longer
// than most tests. When for a time neither the tracer, which is whoever made
// the guard, nor a tracee ran or could have run, it kills the tracees, so that
// the tracer's wait returns. If even that does not wake the tracer, as on a
// broken kernel, it kills the tracer.
#ifndef RETRAP_CORE_PTRACE_HANG_GUARD_H_
#define RETRAP_CORE_PTRACE_HANG_GUARD_H_

#include <sys/types.h>

#include <array>
#include <atomic>
#include <chrono>

namespace retrap {

class HangGuard {
 public:
  static constexpr std::size_t kMostTracees = 8;

  explicit HangGuard(std::chrono::milliseconds limit);
  HangGuard(const HangGuard&) = delete;
  HangGuard& operator=(const HangGuard&) = delete;
  HangGuard(HangGuard&&) = delete;
  HangGuard& operator=(HangGuard&&) = delete;
  ~HangGuard();

  // Throws std::length_error beyond kMostTracees.
  void watch(pid_t tracee);
  // True if the guard had to kill since the last tracee was let go of.
  bool let_go(pid_t tracee) noexcept;

 private:
  struct Page {
    std::array<std::atomic<pid_t>, kMostTracees> tracees;
    std::atomic<unsigned> changes;  // of the tracees; a sign of life as well
    std::atomic<bool> expired;
  };
  [[noreturn]] static void guard(Page& page, pid_t tracer,
                                 std::chrono::milliseconds limit) noexcept;

  Page* page_ = nullptr;  // shared with the process
  pid_t pid_ = -1;
};

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_HANG_GUARD_H_
