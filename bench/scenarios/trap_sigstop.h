// SPDX-License-Identifier: GPL-2.0-only
// trap/trigger:sigstop: SIGSTOP to a sleeping tracee until the tracer knows
// of the group-stop: signal-delivery-stop, its injection, STOP(STOP).
#ifndef RETRAP_SCENARIOS_TRAP_SIGSTOP_H_
#define RETRAP_SCENARIOS_TRAP_SIGSTOP_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class TrapSigstop {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "trap/trigger:sigstop",
      .help = "SIGSTOP to a sleeping tracee until group-stop"};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  explicit TrapSigstop(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (!stopped_) {
      stopped_ = true;  // after fire()
      return tracee_.asleep();
    }
    return tracee_.resume_from_stop();
  }

  // All of stop(): when it fails it has said why.
  WaitStatus fire() noexcept {
    return tracee_.stop() ? kExpected : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  bool stopped_ = false;
};

inline const Registration<TrapSigstop> kTrapSigstop;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRAP_SIGSTOP_H_
