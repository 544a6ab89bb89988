// SPDX-License-Identifier: GPL-2.0-only
#include "book/race_turns.h"

#include <gtest/gtest.h>
#include <signal.h>

#include "book/situations.h"

namespace retrap::conform {
namespace {

// One order, one report: SIGCONT came either before or after re-arming.
void sigcont_meets_rearm(const Subject& subject, Encounter& encounter,
                         Interface interface) {
  const pid_t pid = subject.pid();
  const UserMode user_mode(subject);
  ASSERT_EQ(encounter.run([&] { return rearm(pid, interface); }), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_TRUE(encounter.finish());
  ASSERT_EQ(registers(pid).error, kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  user_mode.expect_not_entered();
}

// From STOP(TRAP), acknowledged, to user mode.
void take_sigcont(pid_t pid) {
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
}

}  // namespace

void sigcont_meets_listen(const Subject& subject, Encounter& encounter) {
  sigcont_meets_rearm(subject, encounter, Interface::kListen);
}

void sigcont_meets_jobctl_cont(const Subject& subject, Encounter& encounter) {
  sigcont_meets_rearm(subject, encounter, Interface::kPleaseNotify);
}

// One report, whoever wins.
void sigcont_meets_interrupt_after_jobctl_cont(const Subject& subject,
                                               Encounter& encounter) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(encounter.run([&] { return interrupt(pid); }), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_TRUE(encounter.finish());
  ASSERT_EQ(registers(pid).error, kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  // INTERRUPT won: SIGCONT is remembered for the next JOBCTL_CONT (PN06).
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
}

void sigcont_meets_jobctl_cont_in_group_stop(const Subject& subject,
                                             Encounter& encounter) {
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_NO_FATAL_FAILURE(sigcont_meets_jobctl_cont(subject, encounter));
  take_sigcont(subject.pid());
}

namespace {

// The group-stop again, and then the SIGCONT by `next`; or the SIGCONT alone.
// An INTERRUPT that comes after that report owes a trap (PN08).
void sigcont_meets_interrupt_in_group_stop(const Subject& subject,
                                           Encounter& encounter,
                                           Errno (*next)(pid_t)) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(encounter.run([&] { return interrupt(pid); }), kOk);
  ASSERT_TRUE(encounter.finish());
  WaitStatus status = wait_eventually(pid);
  const bool interrupt_won = status == stop_trap(SIGSTOP);
  if (interrupt_won) {
    ASSERT_EQ(wait_at_once(pid), kNothing);
    ASSERT_EQ(next(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, stop_trap(SIGTRAP)) << "SIGCONT is not reported";
  ASSERT_EQ(registers(pid).error, kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_EQ(cont(pid), kOk);
  status = wait_eventually(pid);
  if (status == stop_trap(SIGTRAP) && !interrupt_won) {
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
}

}  // namespace

void sigcont_meets_interrupt_then_jobctl_cont(const Subject& subject,
                                              Encounter& encounter) {
  sigcont_meets_interrupt_in_group_stop(subject, encounter, jobctl_cont);
}

void sigcont_meets_interrupt_then_cont(const Subject& subject,
                                       Encounter& encounter) {
  sigcont_meets_interrupt_in_group_stop(subject, encounter,
                                        [](pid_t pid) { return cont(pid); });
}

// At least one report; the state of the last one is the state of the group.
void sigcont_meets_interrupt_while_listening(const Subject& subject,
                                             Encounter& encounter) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(encounter.run([&] { return interrupt(pid); }), kOk);
  ASSERT_TRUE(encounter.finish());
  WaitStatus status = wait_eventually(pid);
  if (status == stop_trap(SIGSTOP)) {  // INTERRUPT won; SIGCONT is owed
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, stop_trap(SIGTRAP)) << "SIGCONT is not reported";
  for (int traps = 0; status == stop_trap(SIGTRAP) && traps < 3; ++traps) {
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
}

// User mode only with every change acknowledged. A STOP trap tells of the
// SIGCONT, whichever came first, and returns until it is acknowledged.
void sigcont_meets_cont(const Subject& subject, Encounter& encounter) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_TRUE(siginfo(pid).stopped);
  ASSERT_EQ(encounter.run([&] { return cont(pid); }), kOk);
  ASSERT_TRUE(encounter.finish());
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const UserMode user_mode(subject);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  ASSERT_FALSE(siginfo(pid).stopped);
  take_sigcont(pid);
}

// An acknowledgement is of what GETSIGINFO said: with "stopped" the SIGCONT is
// still owed, a trap that CONT does not leave; without it nothing is.
void sigcont_meets_getsiginfo(const Subject& subject, Encounter& encounter) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_TRUE(siginfo(pid).stopped);
  Info info;
  ASSERT_EQ(encounter.run([&] {
    info = siginfo(pid);
    return info.error;
  }),
            kOk);
  ASSERT_TRUE(encounter.finish());
  ASSERT_EQ(registers(pid).error, kOk);  // a re-trap on its way is over
  if (info.stopped) {
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
    ASSERT_FALSE(siginfo(pid).stopped);
  } else {
    (void)wait_at_once(pid);  // none where the request put the re-trap off
  }
  take_sigcont(pid);
}

// The stop is joined, and so reported, however the acknowledgement met it.
void sigstop_meets_getsiginfo(const Subject& subject, Encounter& encounter) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(encounter.run([&] { return siginfo(pid).error; }), kOk);
  ASSERT_TRUE(encounter.finish());
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_TRUE(siginfo(pid).stopped);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_FALSE(siginfo(pid).stopped);
}

}  // namespace retrap::conform
