// SPDX-License-Identifier: GPL-2.0-only
// Job control as every kernel does it: sending signals, group-stops, and what
// a thread does on its way to user mode.
#ifndef RETRAP_MODEL_JOB_CONTROL_H_
#define RETRAP_MODEL_JOB_CONTROL_H_

#include <vector>

#include "model/design.h"
#include "model/state.h"

namespace retrap::model {

inline constexpr int kWholeProcess = -1;

// kill(2), or tgkill(2) of a thread: every state that can follow. Signals are
// SIGCONT, SIGSTOP, SIGTSTP, SIGUSR1, which the tracee handles, and SIGTERM,
// which it blocks.
//
// While the leader is being seized, SIGCONT may find it untraced at first and
// traced in the end: ptrace_attach() sets ->ptrace without siglock. Then it is
// queued, and yet no STOP trap tells of it.
std::vector<State> send(const Design& design, State state, int thread, int sig,
                        bool is_being_seized = false);

// The next thing a thread in motion does: it takes a trap, stops, dequeues a
// signal or reaches user mode (one round of get_signal()).
void advance(const Design& design, State& state, int thread);

// With which signal `t` would take a STOP trap now.
int stop_signal_now(const State& state, const Thread& t);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_JOB_CONTROL_H_
