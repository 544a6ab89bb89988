// SPDX-License-Identifier: GPL-2.0-only
// N seized processes that sleep in pause(2), and the one of them that traps.
#ifndef RETRAP_SCENARIOS_SLEEPING_TRACEES_H_
#define RETRAP_SCENARIOS_SLEEPING_TRACEES_H_

#include <sys/prctl.h>
#include <unistd.h>

#include <csignal>
#include <exception>
#include <optional>
#include <vector>

#include "core/ptrace/patience.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/wait.h"
#include "core/sys/check.h"
#include "scenarios/cell.h"
#include "scenarios/floor_pipe.h"

namespace retrap {

// Grandchildren: the tracer is not the parent.
enum class Descent { kChildren, kGrandchildren };
enum class Trapper { kYoungest, kOldest };

// Of a process between: it makes them, and they die with it.
class Grandchildren {
 public:
  Grandchildren(const CellConfig& config, int count)
      : maker_(Tracee::spawn([this, count] { make(count); },
                             config.ends.tracee_cpu)) {
    pipe_.writer.reset();
    pids_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) pids_.push_back(next_pid());
  }
  Grandchildren(const Grandchildren&) = delete;
  Grandchildren& operator=(const Grandchildren&) = delete;
  Grandchildren(Grandchildren&&) = delete;
  Grandchildren& operator=(Grandchildren&&) = delete;
  ~Grandchildren() {
    for (const pid_t pid : pids_) (void)::kill(pid, SIGKILL);
    for (const pid_t pid : pids_) {
      Patience patience(pid);
      while (!reap_killed(pid) && patience.lasts()) (void)::usleep(100);
    }
  }
  [[nodiscard]] const std::vector<pid_t>& pids() const noexcept {
    return pids_;
  }

 private:
  void make(int count) const {
    (void)std::signal(SIGCHLD, SIG_IGN);  // who dies leaves nothing behind
    const pid_t self = ::getpid();
    for (int i = 0; i < count; ++i) {
      const pid_t pid = check_unix(::fork(), "fork");
      if (pid == 0) {
        if (::prctl(PR_SET_PDEATHSIG, SIGKILL) == 0 && ::getppid() == self)
          sleep_in_pause();
        ::_exit(1);
      }
      (void)!::write(pipe_.writer.get(), &pid, sizeof pid);
    }
    sleep_in_pause();
  }
  pid_t next_pid() const {
    pid_t pid = 0;
    const auto got =
        check_unix(::read(pipe_.reader.get(), &pid, sizeof pid), "read a pid");
    if (got != sizeof pid) throw_errno(ECHILD, "start of the tracees");
    return pid;
  }

  Pipe pipe_;
  Tracee maker_;
  std::vector<pid_t> pids_;
};

class SleepingTracees {
 public:
  SleepingTracees(const CellConfig& config, int count, Descent descent,
                  Trapper trapper)
      : same_cpu_(config.ends.same_cpu()) {
    if (descent == Descent::kGrandchildren) {
      grandchildren_.emplace(config, count);
      pids_ = grandchildren_->pids();
    } else {
      for (int i = 0; i < count; ++i) {
        children_.push_back(
            Tracee::spawn(sleep_in_pause, config.ends.tracee_cpu));
        pids_.push_back(children_.back().pid());
      }
    }
    for (const pid_t pid : pids_)
      check_unix(::syscall(SYS_ptrace, PTRACE_SEIZE, pid, 0, PTRACE_O_EXITKILL),
                 "PTRACE_SEIZE");
    trapper_.emplace(trapper == Trapper::kOldest ? pids_.front() : pids_.back(),
                     same_cpu_);
  }

  // All on the first call, then the one that something was done to.
  bool asleep() noexcept {
    if (!settled_) settled_ = all_asleep();
    return settled_ && trapper_->asleep_in(kPauseSyscall);
  }

  [[nodiscard]] Steps& steps() noexcept { return *trapper_; }
  [[nodiscard]] const Steps& steps() const noexcept { return *trapper_; }

 private:
  // One at a time: to keep them all open takes more files than are allowed.
  bool all_asleep() noexcept {
    try {
      for (const pid_t pid : pids_)
        if (!Steps(pid, same_cpu_).asleep_in(kPauseSyscall))
          return trapper_->not_reached("a tracee does not sleep");
      return true;
    } catch (const std::exception&) {
      return trapper_->not_reached("the state of a tracee cannot be read");
    }
  }

  bool same_cpu_;
  std::vector<Tracee> children_;
  std::optional<Grandchildren> grandchildren_;
  std::vector<pid_t> pids_;
  std::optional<Steps> trapper_;
  bool settled_ = false;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_SLEEPING_TRACEES_H_
