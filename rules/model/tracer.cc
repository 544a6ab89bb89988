// SPDX-License-Identifier: GPL-2.0-only
#include "model/tracer.h"

#include <cerrno>

#include "book/requests.h"
#include "core/ptrace/wait_status.h"
#include "model/job_control.h"

namespace retrap::model {
namespace {

Outcome error(int value) {
  Outcome outcome;
  outcome.error = value;
  return outcome;
}

void resume(Thread& t, int sig) {
  t.report = static_cast<std::uint8_t>(sig);  // ptrace_resume(): exit_code
  leave_trap(t);
}

// C10: __ptrace_unlink() hands the thread back to job control.
void detach(State& s, Thread& t, int sig) {
  t.is_traced = false;
  t.is_interrupted = t.must_notify = t.is_trapping = t.please_notify = false;
  if (s.in_group_stop()) t.must_stop = true;
  resume(t, sig);
}

// C01; C03: a stopped thread traps before PTRACE_SEIZE returns.
Outcome seize(Thread& t) {
  if (t.is_traced) return error(EPERM);
  t.is_traced = true;
  if (t.phase == Phase::kStopped) {
    leave_trap(t);
    t.is_interrupted = t.is_trapping = true;
  }
  return {};
}

// C14; one whom nobody traces has no stops, or is nobody's child at all.
Outcome wait(const State& s, Thread& t, bool consumes) {
  Outcome outcome;
  if (!t.is_traced) {
    outcome.status = &t == &s.thread[0] ? kNothing : kNoTracee;
  } else if (!has_report(t)) {
    outcome.status = kNothing;
  } else {
    outcome.status =
        t.trap == Trap::kStop ? stop_trap(t.report) : signal_stop(t.report);
    if (consumes) t.report = 0;
  }
  return outcome;
}

Outcome getsiginfo(const Design& design, const State& s, Thread& t) {
  design.on_getsiginfo(t, stop_signal_now(s, t));
  Outcome outcome;
  outcome.signo = t.info_signo;
  outcome.code = t.info_code;
  outcome.stopped = t.info_stopped;
  return outcome;
}

Outcome setsiginfo(const Design& design, Thread& t, const Action& action) {
  const int value = design.setsiginfo(t);
  if (value != 0) return error(value);
  const Siginfo info = siginfo_of(action);
  t.info_signo = static_cast<std::uint8_t>(info.signo);
  t.info_code = info.code;
  t.info_stopped = false;
  return {};
}

// The rows of the request matrix for a thread that is at hand.
Outcome trapped_request(const Design& design, State& s, Thread& t,
                        const Action& action) {
  switch (action.verb) {
    case Verb::kCont:
      design.on_resume(t);
      resume(t, action.sig);
      return {};
    case Verb::kDetach:
      detach(s, t, action.sig);
      return {};
    case Verb::kListen:
      return error(design.rearm(s, t, Rearm::kListen));
    case Verb::kJobctlCont:
      return error(design.rearm(s, t, Rearm::kJobctlCont));
    case Verb::kGetSiginfo:
      return getsiginfo(design, s, t);
    case Verb::kSetSiginfo:
      return setsiginfo(design, t, action);
    default:  // PTRACE_GETREGS and its like
      return {};
  }
}

}  // namespace

bool freezes(Verb verb) {
  switch (verb) {
    case Verb::kCont:
    case Verb::kDetach:
    case Verb::kListen:
    case Verb::kJobctlCont:
    case Verb::kGetSiginfo:
    case Verb::kSetSiginfo:
    case Verb::kGetRegs:
      return true;
    default:
      return false;
  }
}

Outcome request(const Design& design, State& s, const Action& action) {
  Thread& t = s.thread[static_cast<std::size_t>(action.thread)];
  switch (action.verb) {
    case Verb::kWait:
    case Verb::kAwait:
      return wait(s, t, true);
    case Verb::kPeek:
      return wait(s, t, false);
    case Verb::kSeize:
      return seize(t);
    case Verb::kInterrupt:
      if (!t.is_traced) return error(ESRCH);
      design.interrupt(s, t);
      return {};
    case Verb::kPtraceKill:  // C07
      return error(t.is_traced ? 0 : ESRCH);
    default:
      // ML03, PN04: hidden is as good as running.
      if (!is_at_hand(t)) return error(ESRCH);
      return trapped_request(design, s, t, action);
  }
}

}  // namespace retrap::model
