// SPDX-License-Identifier: GPL-2.0-only
// trap/trigger:interrupt: PTRACE_INTERRUPT of a sleeping tracee until the
// tracer's wait returns STOP(TRAP).
#ifndef RETRAP_SCENARIOS_TRAP_INTERRUPT_H_
#define RETRAP_SCENARIOS_TRAP_INTERRUPT_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class TrapInterrupt {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "trap/trigger:interrupt",
      .help = "PTRACE_INTERRUPT of a sleeping tracee"};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit TrapInterrupt(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (trapped_ && !steps().cont()) return false;
    trapped_ = true;  // after fire()
    return tracee_.asleep();
  }

  WaitStatus fire() noexcept {
    return steps().interrupt() ? steps().wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  bool trapped_ = false;
};

inline const Registration<TrapInterrupt> kTrapInterrupt;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRAP_INTERRUPT_H_
