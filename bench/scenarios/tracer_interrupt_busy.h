// SPDX-License-Identifier: GPL-2.0-only
// tracer/interrupt/busy: PTRACE_INTERRUPT of a tracee that runs a loop in user
// mode, until the wait returns its STOP trap. At same-cpu it wants to run.
//
// ptrace_request() with signal_wake_up(), which kicks the CPU that it runs on;
// exit_to_user_mode_loop(), get_signal(), do_jobctl_trap(), ptrace_stop(),
// wait_task_stopped(). trap/trigger:interrupt is the same of a sleeper.
#ifndef RETRAP_SCENARIOS_TRACER_INTERRUPT_BUSY_H_
#define RETRAP_SCENARIOS_TRACER_INTERRUPT_BUSY_H_

#include <cerrno>
#include <csignal>

#include "core/sys/check.h"
#include "scenarios/crowd.h"
#include "scenarios/family.h"

namespace retrap {

class InterruptBusy {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/interrupt/busy",
      .help = "PTRACE_INTERRUPT of a tracee that runs a busy loop",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit InterruptBusy(const CellConfig& config)
      : loop_(1, Tasks::kProcesses, Doing::kBusy, config.ends),
        steps_(loop_.tids().front()) {
    if (!steps_.seize()) throw_errno(errno, "PTRACE_SEIZE");
  }

  bool arm() noexcept {
    if (trapped_ && !steps_.cont()) return false;
    trapped_ = true;  // after fire()
    return loop_.settled(steps_);
  }
  WaitStatus fire() noexcept {
    return steps_.interrupt() ? steps_.wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Crowd loop_;
  Steps steps_;
  bool trapped_ = false;
};

inline const Registration<InterruptBusy> kInterruptBusy;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_INTERRUPT_BUSY_H_
