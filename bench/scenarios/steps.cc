// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/steps.h"

#include <sched.h>

#include "core/ptrace/patience.h"
#include "core/sys/relax.h"

namespace retrap {
namespace {

// More than a way to sleep ever took; the dead are found after some ms.
constexpr unsigned kPollsToAReport = 1U << 12;

}  // namespace

bool Steps::fail(const Failure& failure) noexcept {
  if (failure_.outcome == Outcome::kOk) failure_ = failure;
  return false;
}

bool Steps::call_failed(const char* what) noexcept {
  return fail({.outcome = Outcome::kCallFailed, .what = what, .error = errno});
}

bool Steps::unexpected_stop(WaitStatus status, WaitStatus expected) noexcept {
  if (status == kCallFailed) return false;  // noted by wait()
  return fail({.outcome = Outcome::kUnexpectedStop,
               .what = "wait status",
               .got = status,
               .expected = expected});
}

bool Steps::not_reached(const char* what) noexcept {
  return fail({.outcome = Outcome::kStartNotReached, .what = what});
}

bool Steps::asleep_in(long syscall) noexcept {
  Patience patience(pid_);
  for (unsigned polls = 1;; ++polls) {
    const bool is_last = !patience.lasts();
    // A trapped task is in its system call too: only S is asleep.
    if (state_->blocked_syscall() == syscall) {
      if (state_->has_report())
        return not_reached("the tracee reports a stop where it should sleep");
      if (state_->letter() == 'S') return true;
    }
    if (polls % kPollsToAReport == 0 && state_->has_report())
      return not_reached("the other end died or stopped, and should sleep");
    if (is_last) break;
    if (same_cpu_)
      (void)::sched_yield();
    else
      relax();
  }
  return not_reached(patience.saw_it_run()
                         ? "the other end runs and does not fall asleep"
                         : "the other end does not run, and is not asleep in "
                           "its system call");
}

bool Steps::trapped_and_quiet() noexcept {
  if (state_->has_report())
    return not_reached("the tracee has a report before the trigger");
  if (state_->letter() != 't')
    return not_reached("the tracee is not trapped before the trigger");
  return true;
}

bool Steps::at_syscall_exit() noexcept {
  __ptrace_syscall_info info{};
  if (::syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, pid_, sizeof info,
                &info) == -1)
    return call_failed("PTRACE_GET_SYSCALL_INFO");
  return info.op == PTRACE_SYSCALL_INFO_EXIT ||
         not_reached("the tracee is not at the exit of a system call");
}

}  // namespace retrap
