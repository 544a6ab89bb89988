// SPDX-License-Identifier: GPL-2.0-only
// Where the designs differ. Each is a file of its own: listen.cc,
// listen_republish.cc, async_retrap.cc and please_notify.cc say what happens at
// each of these points; job_control.cc and tracer.cc are the same for all.
#ifndef RETRAP_MODEL_DESIGN_H_
#define RETRAP_MODEL_DESIGN_H_

#include "core/ptrace/interface.h"
#include "model/state.h"

namespace retrap::model {

enum class Rearm { kListen, kJobctlCont };

class Design {
 public:
  Design() = default;
  Design(const Design&) = delete;
  Design& operator=(const Design&) = delete;
  Design(Design&&) = delete;
  Design& operator=(Design&&) = delete;
  virtual ~Design() = default;

  // The group stops or is continued; `t` is a seized thread of it
  // (ptrace_trap_notify()).
  virtual void on_change(Thread& t) const = 0;

  // `t` takes part in a group-stop that is to trap it (do_signal_stop()).
  virtual void on_join(Thread& t) const;

  // `t` has entered a STOP trap that reports `in_group_stop` (ptrace_stop()).
  virtual void on_stop_trap(Thread& t, bool in_group_stop) const = 0;

  // PTRACE_CONT is about to resume `t` (ptrace_resume()).
  virtual void on_resume(Thread& t) const;

  // PTRACE_LISTEN and PTRACE_JOBCTL_CONT of a trapped thread: an errno.
  virtual int rearm(const State& state, Thread& t, Rearm request) const = 0;

  // PTRACE_INTERRUPT.
  virtual void interrupt(const State& state, Thread& t) const;

  // PTRACE_GETSIGINFO is about to read t.info_*; `stop_signal` is what a STOP
  // trap would report now.
  virtual void on_getsiginfo(Thread& t, int stop_signal) const;

  // PTRACE_SETSIGINFO of a trapped thread: an errno.
  virtual int setsiginfo(const Thread& t) const;

  // A request has been served (ptrace_unfreeze_traced()).
  virtual void after_request(Thread& t) const;

  // Waits and requests never see a thread between two STOP traps.
  [[nodiscard]] virtual bool hides_gap() const { return false; }
};

// Those of docs/rules.md. They have no state: a reference lives for ever.
const Design& design_of(Interface interface);

// Steps of the designs.

// Wakes the thread out of its trap; it will take the next one on its own. Out
// of a signal-delivery-stop it takes its report along, as the signal to
// deliver.
void leave_trap(Thread& t);
// Makes a running thread look for signals and traps; no other is disturbed.
void nudge(Thread& t);
// The trap that the thread is in is reported once more, without a step of it.
void report_again(const State& state, Thread& t);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_DESIGN_H_
