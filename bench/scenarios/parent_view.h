// SPDX-License-Identifier: GPL-2.0-only
// parent/...: what the real parent of a tracee sees when another process traces
// it. SIGCONT to the group-stopped tracee, until the parent has
// sigchld: SIGCHLD with CLD_CONTINUED, by sigtimedwait(2).
// wcontinued: the status, by wait4(WCONTINUED); prepare_signal() leaves it.
// The tracer waits for news of the tracee, blocked in wait4(2), and resumes it.
//
// sigchld-unasked, wcontinued-unasked: the tracer has left the tracee in its
// trap. SIGCHLD is sent by get_signal(), so by a tracee that leaves its trap:
// async-retrap's does by itself, and for the others the tracer is told to
// resume it, within the region.
#ifndef RETRAP_SCENARIOS_PARENT_VIEW_H_
#define RETRAP_SCENARIOS_PARENT_VIEW_H_

#include <sys/wait.h>

#include <csignal>

#include "core/ptrace/tracee.h"
#include "scenarios/family.h"
#include "scenarios/other_tracer.h"

namespace retrap {

enum class News { kSignal, kStatus };

template <News kNews, Wants kWants>
class ParentView {
  static constexpr bool kSigchld = kNews == News::kSignal;
  static constexpr bool kAsked = kWants == Wants::kReports;

 public:
  static constexpr FamilyInfo kFamily{
      .name = kSigchld ? (kAsked ? "parent/sigchld" : "parent/sigchld-unasked")
                       : (kAsked ? "parent/wcontinued"
                                 : "parent/wcontinued-unasked"),
      .help = kSigchld ? (kAsked ? "SIGCONT until the real parent has SIGCHLD"
                                 : "the same, the tracer waits for no news")
                       : (kAsked ? "SIGCONT until the real parent's WCONTINUED"
                                 : "the same, the tracer waits for no news")};
  static constexpr WaitStatus kExpected = kContinued;

  explicit ParentView(const CellConfig& config)
      : tracee_(Tracee::spawn(let_any_trace, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()),
        tracer_(config, tracee_.pid(), kWants),
        must_resume_(kSigchld && !kAsked &&
                     config.interface != Interface::kAsyncRetrap) {}

  // The real parent takes its own report of the group-stop.
  bool arm() noexcept {
    if (fired_ && !(resume() && reported())) return false;
    fired_ = true;
    return (tracer_.stop() &&
            steps_.wait_for(signal_stop(SIGSTOP), WUNTRACED) &&
            tracer_.waits() && steps_.trapped_and_quiet() && sigchld_.drop()) ||
           tell_of_tracer();
  }

  WaitStatus fire() noexcept {
    if (!steps_.kill(SIGCONT)) return kCallFailed;
    if (must_resume_ && !tracer_.resume()) return kCallFailed;
    if constexpr (kSigchld)
      return sigchld_.wait(steps_);
    else
      return steps_.wait(WCONTINUED);
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  // As the tracer left it: asleep, with what the region did not take.
  bool resume() noexcept {
    if (!must_resume_ && !kAsked && !tracer_.resume()) return false;
    return tracer_.is_done() && steps_.asleep_in(kPauseSyscall);
  }
  bool reported() noexcept {
    return !kSigchld || steps_.wait(WCONTINUED) == kContinued;
  }
  bool tell_of_tracer() noexcept {
    return steps_.not_reached("the tracer did not do its part");
  }

  BlockedSigchld sigchld_;
  Tracee tracee_;
  Steps steps_;
  OtherTracer tracer_;
  bool must_resume_;
  bool fired_ = false;
};

inline const Registration<ParentView<News::kSignal, Wants::kReports>>
    kParentSigchld;
inline const Registration<ParentView<News::kSignal, Wants::kNoReports>>
    kParentSigchldUnasked;
inline const Registration<ParentView<News::kStatus, Wants::kReports>>
    kParentWcontinued;
inline const Registration<ParentView<News::kStatus, Wants::kNoReports>>
    kParentWcontinuedUnasked;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_PARENT_VIEW_H_
