// SPDX-License-Identifier: GPL-2.0-only
// Ends a run that hangs.
//
// A process of its own that sleeps until the deadline, once a run: no timer
// and no signal is near a timed region. At the deadline it kills the tracee,
// so that the tracer's wait returns and says so. If even that does not wake
// the tracer, as on a broken kernel, it kills the tracer.
#ifndef RETRAP_CORE_PTRACE_WATCHDOG_H_
#define RETRAP_CORE_PTRACE_WATCHDOG_H_

#include <sys/types.h>

#include <atomic>
#include <chrono>

namespace retrap {

class Watchdog {
 public:
  Watchdog(pid_t tracee, std::chrono::milliseconds deadline);
  Watchdog(const Watchdog&) = delete;
  Watchdog& operator=(const Watchdog&) = delete;
  Watchdog(Watchdog&&) = delete;
  Watchdog& operator=(Watchdog&&) = delete;
  ~Watchdog();

  [[nodiscard]] std::chrono::milliseconds deadline() const noexcept {
    return deadline_;
  }
  // The deadline is over: a dead tracee is the watchdog's work.
  [[nodiscard]] bool expired() const noexcept { return *expired_; }

 private:
  [[noreturn]] void guard(pid_t tracer, pid_t tracee, int tracee_fd) noexcept;

  std::chrono::milliseconds deadline_;
  std::atomic<bool>* expired_ = nullptr;  // shared with the process
  pid_t pid_ = -1;
};

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_WATCHDOG_H_
