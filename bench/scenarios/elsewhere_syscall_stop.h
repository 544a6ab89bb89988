// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/syscall-stop/...: what strace does to a system call. From a
// syscall-exit-stop of a tracee that calls getppid(2) for ever to the next:
// PTRACE_SYSCALL, wait (entry), PTRACE_SYSCALL, wait (exit).
//
// ptrace_check_attach(), ptrace_resume(), syscall_trace_enter() and _exit()
// with ptrace_stop(), do_notify_parent_cldstop(), wait_task_stopped().
#ifndef RETRAP_SCENARIOS_ELSEWHERE_SYSCALL_STOP_H_
#define RETRAP_SCENARIOS_ELSEWHERE_SYSCALL_STOP_H_

#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "core/sys/check.h"
#include "scenarios/attach.h"
#include "scenarios/family.h"

namespace retrap {

template <Attach kHow>
class SyscallStop {
 public:
  static constexpr FamilyInfo kFamily{
      .name = kHow == Attach::kSeize ? "elsewhere/syscall-stop/seize"
                                     : "elsewhere/syscall-stop/attach",
      .help = "entry and exit stop of getppid(2)",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = kSyscallStop;

  explicit SyscallStop(const CellConfig& config)
      : tracee_(Tracee::spawn(call_for_ever, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {
    if constexpr (kHow == Attach::kSeize)
      tracee_.seize(Interface::kListen, PTRACE_O_TRACESYSGOOD);
    else
      throw_if(tracee_.try_request(PTRACE_ATTACH), "PTRACE_ATTACH");
  }

  bool arm() noexcept {
    if (!attached_ &&
        !(stop_first() && fire() == kExpected && steps_.at_syscall_exit()))
      return false;
    attached_ = true;
    return steps_.trapped_and_quiet();
  }

  WaitStatus fire() noexcept {
    return steps_.resume_to_syscall() && steps_.wait_for(kExpected) &&
                   steps_.resume_to_syscall()
               ? steps_.wait()
               : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  static void call_for_ever() noexcept {
    for (;;) (void)::syscall(SYS_getppid);
  }
  bool stop_first() noexcept {
    if constexpr (kHow == Attach::kSeize)
      return steps_.interrupt() && steps_.wait_for(stop_trap(SIGTRAP));
    else
      return steps_.wait_for(signal_stop(SIGSTOP)) &&
             steps_.set_options(PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL);
  }

  Tracee tracee_;
  Steps steps_;
  bool attached_ = false;
};

inline const Registration<SyscallStop<Attach::kAttach>> kSyscallStopAttach;
inline const Registration<SyscallStop<Attach::kSeize>> kSyscallStopSeize;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_SYSCALL_STOP_H_
