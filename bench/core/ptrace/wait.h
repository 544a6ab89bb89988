// SPDX-License-Identifier: GPL-2.0-only
// The waits: no other file calls wait(2), but for what a scenario times
// (scenarios/steps.h).
#ifndef RETRAP_CORE_PTRACE_WAIT_H_
#define RETRAP_CORE_PTRACE_WAIT_H_

#include <sys/types.h>

#include "core/ptrace/wait_status.h"

namespace retrap {

// waitpid(2): a status, kNothing, kNoTracee or kWaitFailed. `whom` and
// `options` as there; a signal handler ends it, with EINTR in errno.
WaitStatus wait_for(pid_t whom, int options) noexcept;

// The same with waitid(2) and WNOWAIT: the status is left for another wait.
WaitStatus peek_wait(pid_t pid, int options) noexcept;

// SIGKILL to a child that nobody traces, and its death.
void kill_and_reap(pid_t child) noexcept;

// Of tracees that were sent SIGKILL: takes every status that there is, and
// resumes from a stop, as of PTRACE_EVENT_EXIT. True when `whom` has no one
// left to wait for.
bool reap_killed(pid_t whom) noexcept;

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_WAIT_H_
