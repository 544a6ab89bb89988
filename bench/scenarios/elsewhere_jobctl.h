// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/jobctl/threads:N: what a shell does to an untraced job of N
// threads: SIGSTOP, wait until all have stopped, SIGCONT, wait for that.
//
// prepare_signal(), do_signal_stop() once a thread, task_participate_group_
// stop(), do_notify_parent_cldstop(), wait_task_stopped(),
// wait_task_continued(). The last succeeds as soon as SIGCONT is sent: how
// the threads go back to sleep is not in the region.
#ifndef RETRAP_SCENARIOS_ELSEWHERE_JOBCTL_H_
#define RETRAP_SCENARIOS_ELSEWHERE_JOBCTL_H_

#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <vector>

#include "core/ptrace/wait_status.h"
#include "scenarios/family.h"
#include "scenarios/sleeping_threads.h"

namespace retrap {

class Jobctl {
 public:
  static constexpr std::array kUsual = {1, 8, 64};
  static constexpr std::array kParameters = {
      Parameter{"threads", 1, 256, kUsual}};
  static constexpr FamilyInfo kFamily{
      .name = "elsewhere/jobctl",
      .help = "SIGSTOP and SIGCONT of an untraced job of so many threads",
      .parameters = kParameters,
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = kContinued;

  explicit Jobctl(const CellConfig& config)
      : job_(config.arguments.at(0), config.ends.tracee_cpu) {
    threads_.reserve(job_.tids().size());
    for (const pid_t tid : job_.tids())
      threads_.emplace_back(tid, config.ends.same_cpu());
  }

  bool arm() noexcept {
    return std::ranges::all_of(threads_, [this](Steps& thread) noexcept {
      return thread.asleep_in(kPauseSyscall) || steps().failed_as(thread);
    });
  }

  WaitStatus fire() noexcept {
    return steps().kill(SIGSTOP) &&
                   steps().wait_for(signal_stop(SIGSTOP), WUNTRACED) &&
                   steps().kill(SIGCONT)
               ? steps().wait(WCONTINUED)
               : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return threads_.front(); }
  [[nodiscard]] const Steps& steps() const noexcept { return threads_.front(); }

 private:
  SleepingThreads job_;
  std::vector<Steps> threads_;
};

inline const Registration<Jobctl> kJobctl;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_JOBCTL_H_
