// SPDX-License-Identifier: GPL-2.0-only
// LR: listen-republish. As mainline, but PTRACE_INTERRUPT of a listening tracee
// does not wake it up.
#include "model/listen_republish.h"

namespace retrap::model {

void ListenRepublish::interrupt(const State& state, Thread& t) const {
  // Not where it listens in another trap, of which it believes the siginfo.
  if (t.is_hidden && t.trap == Trap::kStop)
    report_again(state, t);  // LR01, LR02; LR03: no trap is owed
  else
    Listen::interrupt(state, t);
}

}  // namespace retrap::model
