// SPDX-License-Identifier: GPL-2.0-only
// retrap/trigger:interrupt: PTRACE_INTERRUPT of a group-stopped tracee whose
// tracer waits for news, until the wait returns STOP(STOP).
//
// async-retrap has no waiting state: PTRACE_INTERRUPT leaves its trap alone.
#ifndef RETRAP_SCENARIOS_RETRAP_INTERRUPT_H_
#define RETRAP_SCENARIOS_RETRAP_INTERRUPT_H_

#include <array>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class RetrapInterrupt {
 public:
  static constexpr std::array kWithWaitingState = {Interface::kListen,
                                                   Interface::kPleaseNotify,
                                                   Interface::kListenRepublish};
  static constexpr FamilyInfo kFamily{
      .name = "retrap/trigger:interrupt",
      .help = "PTRACE_INTERRUPT of a tracee in group-stop",
      .interfaces = kWithWaitingState};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  explicit RetrapInterrupt(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (!stopped_ && !(tracee_.asleep() && tracee_.stop())) return false;
    stopped_ = true;
    return tracee_.watch();
  }

  WaitStatus fire() noexcept {
    return steps().interrupt() ? steps().wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  bool stopped_ = false;
};

inline const Registration<RetrapInterrupt> kRetrapInterrupt;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_RETRAP_INTERRUPT_H_
