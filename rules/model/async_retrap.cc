// SPDX-License-Identifier: GPL-2.0-only
// AR: async-retrap. The tracee traps again on its own at every change, and
// must_notify holds it out of user mode until PTRACE_GETSIGINFO.
#include "model/async_retrap.h"

#include <cerrno>

#include "core/ptrace/wait_status.h"

namespace retrap::model {
namespace {

// AR01; AR12: the old status, if not waited for, is replaced.
void trap_again(Thread& t) {
  leave_trap(t);
  t.must_notify = true;
  t.is_trapping = true;  // AR02
}

}  // namespace

void AsyncRetrap::on_change(Thread& t) const {
  t.must_notify = true;
  if (!in_stop_trap(t))
    nudge(t);  // AR08: not out of other traps; AR09: running
  else if (t.is_frozen)
    t.retrap_is_owed = true;  // AR03; AR13: one, however many changes
  else
    trap_again(t);
}

void AsyncRetrap::on_join(Thread& t) const {
  t.must_notify = true;  // Q5: every participant has to be acknowledged
}

void AsyncRetrap::on_stop_trap(Thread&, bool) const {
  // AR05: unlike in mainline, trapping is not telling.
}

int AsyncRetrap::rearm(const State&, Thread&, Rearm) const {
  return EIO;
}  // AR25

void AsyncRetrap::on_getsiginfo(Thread& t, int stop_signal) const {
  if (!in_stop_trap(t)) return;                           // AR10
  t.info_signo = static_cast<std::uint8_t>(stop_signal);  // AR04, AR11
  t.info_code = stop_code_of(stop_trap(stop_signal));
  t.info_stopped = stop_signal != SIGTRAP;
  t.must_notify = false;  // AR06
  t.retrap_is_owed = false;
}

int AsyncRetrap::setsiginfo(const Thread& t) const {
  return in_stop_trap(t) ? EINVAL : 0;  // AR18
}

void AsyncRetrap::after_request(Thread& t) const {
  t.is_frozen = false;
  if (t.retrap_is_owed && in_stop_trap(t)) trap_again(t);  // AR03
}

}  // namespace retrap::model
