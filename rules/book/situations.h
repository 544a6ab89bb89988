// SPDX-License-Identifier: GPL-2.0-only
// Steps that the rules share: each brings a subject into a state and asserts
// that it got there, so that a rule cannot pass by not happening. Call them
// inside ASSERT_NO_FATAL_FAILURE.
#ifndef RETRAP_BOOK_SITUATIONS_H_
#define RETRAP_BOOK_SITUATIONS_H_

#include <signal.h>

#include <cstdint>
#include <string_view>
#include <vector>

#include "book/requests.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {

// Seizes all threads; no stop follows.
void seize_all(const Subject& subject, Interface interface,
               unsigned long options = 0);
// Seized and running -> all threads in a waited STOP(sig).
void stop_group(const Subject& subject, int sig = SIGSTOP);
// Both of the above.
void seize_and_stop(const Subject& subject, Interface interface,
                    unsigned long options = 0);
// AR: the same, and every thread has acknowledged it.
void seize_stop_and_acknowledge(const Subject& subject);
// Running in a running group -> a waited STOP(TRAP).
void interrupt_into_trap(const Subject& subject, int thread = 0);
// Seized and in the signal-delivery-stop of a SIGUSR1 that has the si_code of a
// STOP trap. The tracee could send itself such a signal.
void seize_into_disguised_stop(const Subject& subject, Interface interface);
// A thread that runs in a stopped group takes `sig` and stops the group anew;
// this thread has then reported STOP(sig).
void stop_group_again(const Subject& subject, int thread, int sig);

// A waited STOP trap of `thread` -> it runs, in a group that is stopped.
void resume_in_stopped_group(const Subject& subject, int thread = 0);

// A waited STOP trap of `tid`, a thread of the subject or of its making -> it
// takes the requests of this mode, refuses those of the others, and reports
// SIGCONT as this mode does: a waited STOP(TRAP).
void expect_mode(const Subject& subject, pid_t tid, Interface interface);

// What a tracer does between two reports of a STOP trap: LISTEN,
// PTRACE_JOBCTL_CONT, or GETSIGINFO.
Errno rearm(pid_t tid, Interface interface);

// A waited STOP trap -> hidden: L or J, every thread of it.
void hide(const Subject& subject, Interface interface);
void seize_stop_and_hide(const Subject& subject, Interface interface);

// Re-armed -> INTERRUPT -> at once `status`, `count` times, without a wakeup.
void expect_interrupts_at_once(const Subject& subject, Interface interface,
                               WaitStatus status);

// Listens to silence for a while. It decides nothing on a correct kernel.
void settle();

// The thread enters user mode; eventually its counter moves.
void expect_runs(const Subject& subject, int thread = 0);
// The same, and no status comes with it.
void expect_runs_silently(const Subject& subject, int thread = 0);

// From a waited STOP(TRAP) that SIGCONT caused, in AR mode acknowledged: CONT,
// then the SIGCONT itself, then user mode.
void expect_sigcont_delivered(const Subject& subject);

// SIGKILL was sent: waits for the death. One report from before it, and an
// EVENT_EXIT that was asked for, may come first (Q14).
void expect_death(Subject& subject);

// A trapped or hidden thread to which nothing may happen: no status, no
// SIGCHLD, not even a context switch.
class Stillness {
 public:
  explicit Stillness(const Subject& subject, int thread = 0);
  void expect() const;

 private:
  const Subject& subject_;
  int thread_;
  std::uint64_t ticks_;
  std::uint64_t switches_;
};

// A trapped thread that may leave the trap but not execute an instruction.
class UserMode {
 public:
  explicit UserMode(const Subject& subject, int thread = 0);
  void expect_not_entered() const;

 private:
  const Subject& subject_;
  int thread_;
  std::uint64_t ticks_;
  Registers registers_;
};

// The states of the rules that hold "in any state" (C06 and its like).
struct Situation {
  std::string_view name;
  Body body;
  void (*enter)(const Subject& subject, Interface interface,
                unsigned long options);
};
const std::vector<Situation>& all_situations();
const Situation& find_situation(std::string_view name);

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_SITUATIONS_H_
