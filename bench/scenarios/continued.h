// SPDX-License-Identifier: GPL-2.0-only
// continued/...: PTRACE_CONT has let the tracee run, asleep in pause(2), in a
// group that is still stopped.
//
// trigger:sigcont: until STOP(TRAP). ptrace_trap_notify() wakes the sleeper;
// please-notify does so because CONT left a group-stop (PLEASE_NOTIFY).
// trigger:interrupt: until STOP(STOP), as a group-stop is in effect
// (do_jobctl_trap()).
#ifndef RETRAP_SCENARIOS_CONTINUED_H_
#define RETRAP_SCENARIOS_CONTINUED_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class Continued {
 public:
  explicit Continued(const CellConfig& config) : tracee_(config) {}

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 protected:
  // Asleep -> group-stop -> asleep in a stopped group.
  bool stop_and_continue() noexcept {
    return tracee_.asleep() && tracee_.stop() && tracee_.acknowledge(true) &&
           steps().cont() && tracee_.asleep();
  }
  SeizedTracee& tracee() noexcept { return tracee_; }

 private:
  SeizedTracee tracee_;
};

class ContinuedSigcont : public Continued {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "continued/trigger:sigcont",
      .help = "SIGCONT to a thread that runs in a stopped group"};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  using Continued::Continued;
  bool arm() noexcept {
    if (notified_ && !tracee().resume_from_notification()) return false;
    notified_ = true;  // after fire()
    return stop_and_continue();
  }
  WaitStatus fire() noexcept {
    return steps().kill(SIGCONT) ? steps().wait() : kCallFailed;
  }

 private:
  bool notified_ = false;
};

class ContinuedInterrupt : public Continued {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "continued/trigger:interrupt",
      .help = "PTRACE_INTERRUPT of a thread that runs in a stopped group"};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  using Continued::Continued;
  bool arm() noexcept {
    if (!trapped_) {
      trapped_ = true;  // after fire()
      return stop_and_continue();
    }
    return steps().cont() && tracee().asleep();
  }
  WaitStatus fire() noexcept {
    return steps().interrupt() ? steps().wait() : kCallFailed;
  }

 private:
  bool trapped_ = false;
};

inline const Registration<ContinuedSigcont> kContinuedSigcont;
inline const Registration<ContinuedInterrupt> kContinuedInterrupt;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_CONTINUED_H_
