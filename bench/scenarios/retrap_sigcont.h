// SPDX-License-Identifier: GPL-2.0-only
// retrap/trigger:sigcont: the notification. SIGCONT to a group-stopped tracee
// whose tracer waits for news, until the wait returns STOP(TRAP).
#ifndef RETRAP_SCENARIOS_RETRAP_SIGCONT_H_
#define RETRAP_SCENARIOS_RETRAP_SIGCONT_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class RetrapSigcont {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "retrap/trigger:sigcont",
      .help = "SIGCONT to a tracee in group-stop"};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit RetrapSigcont(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    const bool asleep =
        notified_ ? tracee_.resume_from_notification() : tracee_.asleep();
    notified_ = true;  // after fire()
    return asleep && tracee_.stop() && tracee_.watch();
  }

  WaitStatus fire() noexcept {
    return steps().kill(SIGCONT) ? steps().wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  bool notified_ = false;
};

inline const Registration<RetrapSigcont> kRetrapSigcont;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_RETRAP_SIGCONT_H_
