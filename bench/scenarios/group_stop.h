// SPDX-License-Identifier: GPL-2.0-only
// A seized tracee, and the canonical loop of each interface around its
// group-stop (docs/methodology.md): how it gets in, waits, and gets out.
#ifndef RETRAP_SCENARIOS_GROUP_STOP_H_
#define RETRAP_SCENARIOS_GROUP_STOP_H_

#include "core/ptrace/interface.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/cell.h"
#include "scenarios/steps.h"

namespace retrap {

class SeizedTracee {
 public:
  explicit SeizedTracee(const CellConfig& config);

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

  bool asleep() noexcept { return steps_.asleep_in(kPauseSyscall); }

  // Asleep -> group-stop, reported as STOP(STOP).
  bool stop() noexcept {
    return steps_.kill(SIGSTOP) && steps_.wait_for(signal_stop(SIGSTOP)) &&
           steps_.cont(SIGSTOP) && steps_.wait_for(stop_trap(SIGSTOP));
  }

  // Of a tracee in a STOP trap that was reported: the request after which the
  // tracer is told of the next change. async-retrap has none but GETSIGINFO,
  // which acknowledges the last; `stopped`: what it has to say of the group.
  bool ask(bool stopped) noexcept;

  // STOP(STOP) -> waiting for a notification, checked.
  bool watch() noexcept;

  // Waiting for one -> in the STOP trap, as STOP(sig). With async-retrap it is.
  bool stop_waiting(int sig) noexcept;

  // STOP(STOP), not waiting -> asleep.
  bool resume_from_stop() noexcept;

  // STOP(TRAP) that a SIGCONT caused -> asleep.
  bool resume_from_notification() noexcept;

  // What this design's tracer does at a stop that is nothing to it.
  bool pass(WaitStatus stop) noexcept;

  [[nodiscard]] Interface interface() const noexcept { return interface_; }

 private:
  bool acknowledge(bool stopped) noexcept;

  Interface interface_;
  Tracee tracee_;
  Steps steps_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_GROUP_STOP_H_
