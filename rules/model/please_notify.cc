// SPDX-License-Identifier: GPL-2.0-only
// PN: please-notify. The tracee is quiescent in its trap, and tells of a
// change if the tracer asked: by PTRACE_JOBCTL_CONT (hidden, "J"), or by
// resuming it from a trap that reported a group-stop (please_notify).
#include "model/please_notify.h"

#include <cerrno>

namespace retrap::model {

void PleaseNotify::on_change(Thread& t) const {
  const bool is_trapped = t.phase == Phase::kTrapped;
  if (is_trapped || t.please_notify) t.must_notify = true;  // PN11, PN15
  if (t.is_hidden)
    leave_trap(t);  // PN05, PN09: the way to the trap may be seen
  else if (t.must_notify || t.must_stop)
    nudge(t);  // PN14: takes part without having been asked
  // PN02: trapped, silence. PN13: running, nobody asked.
}

void PleaseNotify::on_stop_trap(Thread& t, bool in_group_stop) const {
  t.must_notify = false;
  t.please_notify = in_group_stop;  // Q9: as reported by the trap
  t.info_stopped = in_group_stop;   // PN10: recorded here
}

void PleaseNotify::on_resume(Thread& t) const {
  if (!t.please_notify) t.must_notify = false;  // PN12, PN13, PN21
}

int PleaseNotify::rearm(const State& state, Thread& t, Rearm request) const {
  if (request != Rearm::kJobctlCont) return EIO;  // PN26
  if (t.trap != Trap::kStop) return EIO;          // PN01: not by the siginfo
  t.is_hidden = true;                             // PN03, PN04
  t.report = 0;                                   // PN20
  if (t.must_notify)
    leave_trap(t);  // PN06
  else if (t.is_interrupted)
    report_again(state, t);  // PN27
  return 0;
}

void PleaseNotify::interrupt(const State& state, Thread& t) const {
  if (!t.is_hidden) return Design::interrupt(state, t);
  // PN07: at once; PN08: none is owed.
  report_again(state, t);
}

}  // namespace retrap::model
