// SPDX-License-Identifier: GPL-2.0-only
// ML: mainline. The tracee is quiescent in its trap and tells of a change only
// while it listens.
#include "model/listen.h"

#include <cerrno>

#include "core/ptrace/wait_status.h"

namespace retrap::model {

void Listen::on_change(Thread& t) const {
  t.must_notify = true;
  if (t.is_hidden)
    leave_trap(t);  // ML04: re-traps; ML15: then no longer listens
  else
    nudge(t);  // ML13, ML14: running; ML07, ML16: trapped, silence
}

void Listen::on_stop_trap(Thread& t, bool) const {
  t.must_notify = false;  // ML08: one STOP trap tells of all changes before it
}

int Listen::rearm(const State&, Thread& t, Rearm request) const {
  if (request != Rearm::kListen) return EIO;
  // ML01; ML19: the kernel looks at si_code, which the tracer can set.
  if (event_of(stopped(t.info_code)) != kEventStop) return EIO;
  t.is_hidden = true;                // ML02, ML03; ML18: with its status
  if (t.must_notify) leave_trap(t);  // ML08: the change came before
  return 0;
}

}  // namespace retrap::model
