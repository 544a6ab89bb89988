// SPDX-License-Identifier: GPL-2.0-only
// What the designs share unless they say otherwise.
#include "model/design.h"

#include "model/async_retrap.h"
#include "model/job_control.h"
#include "model/listen.h"
#include "model/listen_republish.h"
#include "model/please_notify.h"

namespace retrap::model {

void leave_trap(Thread& t) {
  // What ptrace_stop() returns: to ptrace_signal() alone it is a signal.
  if (t.trap == Trap::kSignalDelivery) t.injected = t.report;
  t.phase = Phase::kRunning;
  t.is_in_motion = true;
  t.trap = Trap::kNone;
  t.report = 0;  // a status that was not waited for is gone
  t.is_hidden = false;
  t.is_frozen = false;
  t.retrap_is_owed = false;
  t.info_signo = 0;
  t.info_code = 0;
  t.info_stopped = false;
}

void nudge(Thread& t) {
  if (t.phase == Phase::kRunning) t.is_in_motion = true;
}

void Design::on_join(Thread&) const {}
void Design::on_resume(Thread&) const {}
void Design::on_getsiginfo(Thread&, int) const {}
int Design::setsiginfo(const Thread&) const { return 0; }
void Design::after_request(Thread& t) const { t.is_frozen = false; }

// Any trap clears it, so that one trap is enough (C17, ML17); a trap that the
// tracer can see is not disturbed.
void Design::interrupt(const State&, Thread& t) const {
  t.is_interrupted = true;
  if (t.is_hidden)
    leave_trap(t);  // ML05, ML06: the tracer may see it running
  else
    nudge(t);
}

void report_again(const State& state, Thread& t) {
  t.is_hidden = false;
  t.is_interrupted = false;
  t.report = static_cast<std::uint8_t>(stop_signal_now(state, t));
}

const Design& design_of(Interface interface) {
  static const Listen listen;
  static const ListenRepublish listen_republish;
  static const AsyncRetrap async_retrap;
  static const PleaseNotify please_notify;
  switch (interface) {
    case Interface::kAsyncRetrap:
      return async_retrap;
    case Interface::kPleaseNotify:
      return please_notify;
    case Interface::kListenRepublish:
      return listen_republish;
    case Interface::kListen:
      break;
  }
  return listen;
}

}  // namespace retrap::model
