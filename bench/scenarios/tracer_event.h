// SPDX-License-Identifier: GPL-2.0-only
// tracer/event/...: fork, exec and exit of a tracee, until the tracer has let
// it go on.
//
//   fork  from PTRACE_CONT of the tracee that forks next: EVENT_FORK,
//         PTRACE_GETEVENTMSG for the child, its first stop, both resumed
//   exec  from PTRACE_CONT of a child in its first stop: it executes
//         retrap-nop, EVENT_EXEC, resumed
//   exit  the same with _exit(2) and EVENT_EXIT
//
// A new child is seized by itself (PTRACE_O_TRACEFORK); it dies after each
// sample. What the tracee has mapped is what retrap-bench has.
//
// copy_process() with ptrace_init_task(), ptrace_event(); begin_new_exec();
// do_exit() before exit_signals().
#ifndef RETRAP_SCENARIOS_TRACER_EVENT_H_
#define RETRAP_SCENARIOS_TRACER_EVENT_H_

#include <sched.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "core/ptrace/patience.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/wait.h"
#include "core/ptrace/wait_status.h"
#include "core/sys/check.h"
#include "scenarios/elsewhere_fork.h"
#include "scenarios/family.h"
#include "scenarios/floor_pipe.h"

namespace retrap {

// The tracee: before each fork it stops itself by SIGUSR1. The child does
// `Body`, and the kernel forgets it when the tracer has its status.
template <typename Body>
class ForkingTracee {
 public:
  ForkingTracee(const CellConfig& config, unsigned long options)
      : tracee_(
            Tracee::spawn([this] { fork_for_ever(); }, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {
    tracee_.seize(Interface::kListen, options | PTRACE_O_TRACEFORK);
    check_unix(::write(seized_.writer.get(), "", 1), "start of the tracee");
  }
  ForkingTracee(const ForkingTracee&) = delete;
  ForkingTracee& operator=(const ForkingTracee&) = delete;
  ForkingTracee(ForkingTracee&&) = delete;
  ForkingTracee& operator=(ForkingTracee&&) = delete;
  // The child first; Tracee ends the tracee.
  ~ForkingTracee() {
    if (child_ <= 0) return;
    (void)::kill(child_, SIGKILL);
    Patience patience(child_);
    while (!reap_killed(child_) && patience.lasts()) (void)::sched_yield();
  }

  static const char* missing() noexcept { return missing_for<Body>(); }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 protected:
  // Nothing is left of the sample before, and the tracee is in its SIGUSR1.
  bool about_to_fork() noexcept {
    if (child_ > 0 && !reap_child()) return false;
    return stopped_before_fork();
  }
  bool stopped_before_fork() noexcept {
    if (!stopped_ && !steps_.wait_for(signal_stop(SIGUSR1))) return false;
    stopped_ = true;
    return steps_.trapped_and_quiet();
  }
  // EVENT_FORK of the tracee and the first stop of the child.
  bool fork() noexcept {
    stopped_ = false;
    unsigned long child = 0;
    if (!steps_.cont() || !steps_.wait_for(event_stop(PTRACE_EVENT_FORK)))
      return false;
    if (::syscall(SYS_ptrace, PTRACE_GETEVENTMSG, steps_.pid(), nullptr,
                  &child) != 0)
      return steps_.call_failed("PTRACE_GETEVENTMSG");
    child_ = static_cast<pid_t>(child);
    const WaitStatus status = wait_for_child();
    return status == stop_trap(SIGTRAP) ||
           steps_.unexpected_stop(status, stop_trap(SIGTRAP));
  }
  bool cont_child() noexcept {
    return ::syscall(SYS_ptrace, PTRACE_CONT, child_, nullptr, nullptr) == 0 ||
           steps_.call_failed("PTRACE_CONT of the child");
  }
  WaitStatus wait_for_child() noexcept {
    int word = 0;
    if (::wait4(child_, &word, __WALL, nullptr) == child_)
      return WaitStatus(word);
    steps_.call_failed("wait4 for the child");
    return kCallFailed;
  }

 private:
  // Not before it is seized: SIGUSR1 would kill it.
  void fork_for_ever() noexcept {
    char byte = 0;
    if (::read(seized_.reader.get(), &byte, 1) != 1) return;
    (void)std::signal(SIGCHLD, SIG_IGN);
    for (;;) {
      (void)::kill(::getpid(), SIGUSR1);  // the tracer takes it away
      if (fork_plainly() == 0) body_();
    }
  }
  bool reap_child() noexcept {
    const WaitStatus status = wait_for_child();
    child_ = 0;
    return status == exited(kNopExit) ||
           steps_.unexpected_stop(status, exited(kNopExit));
  }

  Body body_;  // these before the tracee, who uses them
  Pipe seized_;
  Tracee tracee_;
  Steps steps_;
  pid_t child_ = 0;
  bool stopped_ = false;
};

class EventFork : public ForkingTracee<ExitAtOnce> {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/event/fork",
      .help = "a fork, until the tracer has resumed both",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = event_stop(PTRACE_EVENT_FORK);

  explicit EventFork(const CellConfig& config) : ForkingTracee(config, 0) {}
  bool arm() noexcept { return about_to_fork(); }
  WaitStatus fire() noexcept {
    return fork() && cont_child() && steps().cont() ? kExpected : kCallFailed;
  }
};

// What the child does next, from its first stop.
template <typename Body, int kEvent>
class EventOfChild : public ForkingTracee<Body> {
 public:
  static constexpr FamilyInfo kFamily{
      .name = kEvent == PTRACE_EVENT_EXEC ? "tracer/event/exec"
                                          : "tracer/event/exit",
      .help = kEvent == PTRACE_EVENT_EXEC
                  ? "an exec, until the tracer has resumed it"
                  : "an exit, until the tracer has resumed it",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = event_stop(kEvent);

  explicit EventOfChild(const CellConfig& config)
      : ForkingTracee<Body>(config, 1UL << kEvent) {}
  bool arm() noexcept {
    return this->about_to_fork() && this->fork() && this->steps().cont() &&
           this->stopped_before_fork();
  }
  WaitStatus fire() noexcept {
    if (!this->cont_child()) return kCallFailed;
    const WaitStatus status = this->wait_for_child();
    return this->cont_child() ? status : kCallFailed;
  }
};

inline const Registration<EventFork> kEventFork;
inline const Registration<EventOfChild<ExecNop, PTRACE_EVENT_EXEC>> kEventExec;
inline const Registration<EventOfChild<ExitAtOnce, PTRACE_EVENT_EXIT>>
    kEventExit;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_EVENT_H_
