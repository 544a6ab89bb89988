// SPDX-License-Identifier: GPL-2.0-only
// The canonical loop of each interface around the group-stop of a seized
// tracee (docs/methodology.md): how it gets in, waits, and gets out.
#ifndef RETRAP_SCENARIOS_GROUP_STOP_H_
#define RETRAP_SCENARIOS_GROUP_STOP_H_

#include "core/ptrace/interface.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/cell.h"
#include "scenarios/steps.h"

namespace retrap {

// Of a task that this process has seized: a process, or a thread of one.
class StopLoop {
 public:
  StopLoop(Interface interface, pid_t tid, bool same_cpu)
      : interface_(interface), steps_(tid, same_cpu) {}

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

  bool asleep() noexcept { return steps_.asleep_in(kPauseSyscall); }

  // Asleep -> group-stop, reported as STOP(STOP).
  bool stop() noexcept {
    return steps_.kill(SIGSTOP) && steps_.wait_for(signal_stop(SIGSTOP)) &&
           steps_.cont(SIGSTOP) && steps_.wait_for(stop_trap(SIGSTOP));
  }

  // Of a tracee in a STOP trap that was reported: the request after which the
  // tracer is told of the next change. async-retrap has none but GETSIGINFO,
  // which acknowledges the last; `stopped`: what it has to say of the group.
  bool ask(bool stopped) noexcept;

  // In a STOP trap: what has to be said before it is resumed; async-retrap
  // traps again until its change is acknowledged.
  bool acknowledge(bool stopped) noexcept {
    return interface_ != Interface::kAsyncRetrap || ask(stopped);
  }

  // STOP(STOP) -> waiting for a notification, checked.
  bool watch() noexcept;

  // Waiting for one -> in the STOP trap, as STOP(sig). With async-retrap it is.
  bool stop_waiting(int sig) noexcept;

  // STOP(STOP), not waiting -> asleep.
  bool resume_from_stop() noexcept {
    return steps_.kill(SIGCONT) && resume_after_sigcont();
  }
  // The same when SIGCONT is sent already.
  bool resume_after_sigcont() noexcept;

  // STOP(TRAP) that a SIGCONT caused -> asleep.
  bool resume_from_notification() noexcept;

  // In a STOP trap, not waiting, after SIGCONTs of which some may not have been
  // reported -> asleep.
  bool resume_from_storm() noexcept;

  // What this design's tracer does at a stop that is nothing to it.
  bool pass(WaitStatus stop) noexcept;

  [[nodiscard]] Interface interface() const noexcept { return interface_; }

 private:
  bool getsiginfo_says(bool stopped) noexcept;

  Interface interface_;
  Steps steps_;
};

// A child that sleeps in pause(2), seized.
class SeizedTracee : private Tracee, public StopLoop {
 public:
  explicit SeizedTracee(const CellConfig& config)
      : Tracee(spawn(sleep_in_pause, config.ends.tracee_cpu)),
        StopLoop(config.interface, Tracee::pid(), config.ends.same_cpu()) {
    seize(config.interface);
  }
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_GROUP_STOP_H_
