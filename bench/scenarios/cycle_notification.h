// SPDX-License-Identifier: GPL-2.0-only
// cycle/notification: a whole notification. SIGCONT to a group-stopped tracee
// whose tracer waits for news, until the tracer has its STOP(TRAP) and waits
// for the next: PTRACE_LISTEN, PTRACE_JOBCTL_CONT, or async-retrap's
// PTRACE_GETSIGINFO. The tracee stays trapped.
//
// prepare_signal(), ptrace_trap_notify(), do_jobctl_trap(), ptrace_stop(),
// wait_task_stopped(), ptrace_check_attach(), ptrace_request().
#ifndef RETRAP_SCENARIOS_CYCLE_NOTIFICATION_H_
#define RETRAP_SCENARIOS_CYCLE_NOTIFICATION_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class CycleNotification {
 public:
  static constexpr std::array<std::string_view, 1> kStages = {"notified"};
  static constexpr FamilyInfo kFamily{
      .name = "cycle/notification",
      .help = "SIGCONT until the tracer is told and waits for the next news",
      .stages = kStages};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit CycleNotification(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (waiting_ && !(steps().trapped_and_quiet() &&
                      tracee_.stop_waiting(SIGTRAP) && resume()))
      return false;
    waiting_ = true;  // after fire()
    return tracee_.asleep() && tracee_.stop() && tracee_.watch();
  }

  WaitStatus fire() noexcept {
    if (!steps().kill(SIGCONT)) return kCallFailed;
    const WaitStatus status = steps().wait();
    notified_[0] = RawClock::now();
    return tracee_.ask(false) ? status : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return notified_;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  // What async-retrap has to acknowledge is acknowledged.
  bool resume() noexcept {
    return steps().cont() && steps().wait_for(signal_stop(SIGCONT)) &&
           steps().cont();
  }

  SeizedTracee tracee_;
  std::array<std::uint64_t, 1> notified_{};
  bool waiting_ = false;
};

inline const Registration<CycleNotification> kCycleNotification;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_CYCLE_NOTIFICATION_H_
