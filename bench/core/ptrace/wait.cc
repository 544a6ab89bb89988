// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/wait.h"

#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <csignal>

namespace retrap {
namespace {

WaitStatus failed() noexcept {
  return errno == ECHILD ? kNoTracee : kWaitFailed;
}

WaitStatus status_of(const siginfo_t& info) noexcept {
  switch (info.si_code) {
    case CLD_EXITED:
      return exited(info.si_status);
    case CLD_KILLED:
    case CLD_DUMPED:
      return killed_by(info.si_status);
    case CLD_TRAPPED:  // event and signal
      return stopped(info.si_status);
    default:  // CLD_STOPPED: who is not traced has no event
      return signal_stop(info.si_status & 0x7f);
  }
}

}  // namespace

WaitStatus wait_for(pid_t whom, int options) noexcept {
  int word = 0;
  const pid_t found = ::waitpid(whom, &word, options);
  if (found == -1) return failed();
  return found == 0 ? kNothing : WaitStatus(word);
}

WaitStatus peek_wait(pid_t pid, int options) noexcept {
  siginfo_t info{};
  const int rc =
      ::waitid(P_PID, static_cast<id_t>(pid), &info, options | WNOWAIT);
  if (rc == -1) return failed();
  return info.si_pid == 0 ? kNothing : status_of(info);
}

void kill_and_reap(pid_t child) noexcept {
  (void)::kill(child, SIGKILL);
  while (::waitpid(child, nullptr, 0) == -1 && errno == EINTR) {
  }
}

bool reap_killed(pid_t whom) noexcept {
  for (;;) {
    int word = 0;
    const pid_t found = ::waitpid(whom, &word, __WALL | WNOHANG);
    if (found == -1 && errno == EINTR) continue;
    if (found <= 0) return found == -1;
    if (is_stop(WaitStatus(word)))
      (void)::ptrace(PTRACE_CONT, found, nullptr, nullptr);
  }
}

}  // namespace retrap
