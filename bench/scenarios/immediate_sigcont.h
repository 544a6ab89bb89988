// SPDX-License-Identifier: GPL-2.0-only
// immediate/trigger:sigcont: the event is there before the tracer asks for it.
// SIGCONT comes between the report of a group-stop and PTRACE_LISTEN or
// PTRACE_JOBCTL_CONT; from that request to the report.
//
// ptrace_request() finds JOBCTL_TRAP_NOTIFY and wakes the tracee itself.
// async-retrap has no such request: its tracee has trapped by then.
#ifndef RETRAP_SCENARIOS_IMMEDIATE_SIGCONT_H_
#define RETRAP_SCENARIOS_IMMEDIATE_SIGCONT_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"
#include "scenarios/retrap_interrupt.h"

namespace retrap {

class ImmediateSigcont {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "immediate/trigger:sigcont",
      .help = "the request that waits for news, SIGCONT sent before it",
      .interfaces = RetrapInterrupt::kWithWaitingState};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit ImmediateSigcont(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    const bool asleep =
        notified_ ? tracee_.resume_from_notification() : tracee_.asleep();
    notified_ = true;  // after fire()
    return asleep && tracee_.stop() && steps().kill(SIGCONT) &&
           steps().trapped_and_quiet();
  }

  WaitStatus fire() noexcept {
    return tracee_.ask(true) ? steps().wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  bool notified_ = false;
};

inline const Registration<ImmediateSigcont> kImmediateSigcont;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_IMMEDIATE_SIGCONT_H_
