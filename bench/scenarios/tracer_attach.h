// SPDX-License-Identifier: GPL-2.0-only
// tracer/attach/...: how one becomes and ceases to be a tracer.
//
//   attach          PTRACE_ATTACH of a task asleep, until its SIGSTOP is
//                   reported
//   seize           PTRACE_SEIZE of a task asleep, which stops nothing
//   seize-stopped   PTRACE_SEIZE of a task in a group-stop, until it is
//                   reported
//   detach          PTRACE_DETACH of a task that is trapped
//   again-attach    of a task that is trapped: PTRACE_DETACH, and attach
//   again-seize     the same with PTRACE_SEIZE and PTRACE_INTERRUPT
//
// ptrace_attach() with ptrace_link() and, of a stopped task, the wait for the
// end of JOBCTL_TRAPPING; get_signal(), ptrace_stop(), wait_task_stopped();
// ptrace_detach() with __ptrace_unlink() and ptrace_signal_wake_up().
#ifndef RETRAP_SCENARIOS_TRACER_ATTACH_H_
#define RETRAP_SCENARIOS_TRACER_ATTACH_H_

#include <sys/wait.h>

#include <csignal>

#include "core/ptrace/tracee.h"
#include "scenarios/attach.h"
#include "scenarios/family.h"
#include "scenarios/poll.h"

namespace retrap {

// A child in pause(2), of no tracer yet.
class Untraced {
 public:
  explicit Untraced(const CellConfig& config)
      : tracee_(Tracee::spawn(sleep_in_pause, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {}

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 protected:
  bool asleep() noexcept { return steps_.asleep_in(kPauseSyscall); }
  bool trap(Attach how) noexcept {
    return attach_and_stop(steps_, how) && steps_.wait_for(first_stop(how));
  }

 private:
  Tracee tracee_;
  Steps steps_;
};

class AttachAsleep : public Untraced {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/attach/attach",
      .help = "PTRACE_ATTACH of a task asleep, until it stops",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = first_stop(Attach::kAttach);

  using Untraced::Untraced;
  bool arm() noexcept {
    if (fired_ && !steps().detach()) return false;
    fired_ = true;
    return asleep();
  }
  WaitStatus fire() noexcept {
    return steps().attach() ? steps().wait() : kCallFailed;
  }

 private:
  bool fired_ = false;
};

class SeizeAsleep : public Untraced {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/attach/seize",
      .help = "PTRACE_SEIZE of a task asleep, which does not stop",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected{};  // no wait

  using Untraced::Untraced;
  bool arm() noexcept {
    if (fired_ && !release()) return false;
    fired_ = true;
    return asleep();
  }
  WaitStatus fire() noexcept {
    return steps().seize() ? kExpected : kCallFailed;
  }

 private:
  bool release() noexcept {
    return steps().interrupt() && steps().wait_for(stop_trap(SIGTRAP)) &&
           steps().detach();
  }

  bool fired_ = false;
};

class SeizeStopped : public Untraced {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/attach/seize-stopped",
      .help = "PTRACE_SEIZE of a task in a group-stop, until reported",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  explicit SeizeStopped(const CellConfig& config)
      : Untraced(config),
        same_cpu_(config.ends.same_cpu()),
        state_(steps().pid()) {}

  // Who is detached from stays in its group-stop.
  bool arm() noexcept {
    if (!(fired_ ? steps().detach() : asleep() && stop())) return false;
    fired_ = true;
    return poll_until(steps().pid(), same_cpu_,
                      [this] { return state_.letter() == 'T'; }) ||
           steps().not_reached("the task is not in a group-stop");
  }
  WaitStatus fire() noexcept {
    return steps().seize() ? steps().wait() : kCallFailed;
  }

 private:
  bool stop() noexcept {
    return steps().kill(SIGSTOP) &&
           steps().wait_for(signal_stop(SIGSTOP), WUNTRACED);
  }

  bool same_cpu_;
  TaskState state_;
  bool fired_ = false;
};

class Detach : public Untraced {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/attach/detach",
      .help = "PTRACE_DETACH of a task that is trapped",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected{};  // no wait

  using Untraced::Untraced;
  bool arm() noexcept {
    return asleep() && trap(Attach::kSeize) && steps().trapped_and_quiet();
  }
  WaitStatus fire() noexcept {
    return steps().detach() ? kExpected : kCallFailed;
  }
};

template <Attach kHow>
class AttachAgain : public Untraced {
 public:
  static constexpr FamilyInfo kFamily{
      .name = kHow == Attach::kSeize ? "tracer/attach/again-seize"
                                     : "tracer/attach/again-attach",
      .help = "PTRACE_DETACH of a trapped task, then attach and stop",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = first_stop(kHow);

  using Untraced::Untraced;
  bool arm() noexcept {
    if (!trapped_ && !(asleep() && trap(kHow))) return false;
    trapped_ = true;
    return steps().trapped_and_quiet();
  }
  WaitStatus fire() noexcept {
    return steps().detach() && attach_and_stop(steps(), kHow) ? steps().wait()
                                                              : kCallFailed;
  }

 private:
  bool trapped_ = false;
};

inline const Registration<AttachAsleep> kAttachAsleep;
inline const Registration<SeizeAsleep> kSeizeAsleep;
inline const Registration<SeizeStopped> kSeizeStopped;
inline const Registration<Detach> kDetach;
inline const Registration<AttachAgain<Attach::kAttach>> kAttachAgain;
inline const Registration<AttachAgain<Attach::kSeize>> kSeizeAgain;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_ATTACH_H_
