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

#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <thread>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "core/sys/check.h"
#include "scenarios/family.h"
#include "scenarios/floor_pipe.h"

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
      : count_(config.arguments.at(0)),
        job_(Tracee::spawn([this] { run(); }, config.ends.tracee_cpu)),
        steps_(job_.pid(), config.ends.same_cpu()) {
    tids_.writer.reset();  // so that a dead job ends the loop
    threads_.reserve(static_cast<std::size_t>(count_));
    for (int i = 0; i < count_; ++i)
      threads_.emplace_back(next_tid(), config.ends.same_cpu());
  }

  // A thread that does not sleep has said why; steps() says that there is one.
  bool arm() noexcept {
    const auto asleep = [](Steps& thread) noexcept {
      return thread.asleep_in(kPauseSyscall);
    };
    if (!steps_.asleep_in(kPauseSyscall)) return false;
    return std::ranges::all_of(threads_, asleep) ||
           steps_.not_reached("a thread of the job does not sleep");
  }

  WaitStatus fire() noexcept {
    return steps_.kill(SIGSTOP) &&
                   steps_.wait_for(signal_stop(SIGSTOP), WUNTRACED) &&
                   steps_.kill(SIGCONT)
               ? steps_.wait(WCONTINUED)
               : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  void run() const {
    for (int i = 1; i < count_; ++i)
      std::thread([this] { sleep_announced(); }).detach();
    sleep_announced();
  }
  void sleep_announced() const noexcept {
    const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
    (void)!::write(tids_.writer.get(), &tid, sizeof tid);
    sleep_in_pause();
  }
  pid_t next_tid() const {
    pid_t tid = 0;
    const auto got =
        check_unix(::read(tids_.reader.get(), &tid, sizeof tid), "read a tid");
    if (got != sizeof tid) throw_errno(ECHILD, "start of the job's threads");
    return tid;
  }

  int count_;
  Pipe tids_;
  Tracee job_;
  Steps steps_;
  std::vector<Steps> threads_;
};

inline const Registration<Jobctl> kJobctl;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_JOBCTL_H_
