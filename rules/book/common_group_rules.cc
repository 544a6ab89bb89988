// SPDX-License-Identifier: GPL-2.0-only
// C: group-stops that end or start while a tracee is elsewhere, on all
// kernels, in every mode of seizing.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <string>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {
namespace {

void sigcont_cancels_injected_stop(Placement placement, Interface interface) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  subject.kill(SIGSTOP);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_EQ(cont(pid, SIGSTOP), kOk);
  WaitStatus status = wait_eventually(pid);
  if (interface != Interface::kPleaseNotify) {
    ASSERT_EQ(status, stop_trap(SIGTRAP));
    user_mode.expect_not_entered();
    ASSERT_EQ(siginfo(pid).error, kOk);  // AR: acknowledged
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, signal_stop(SIGCONT));
  user_mode.expect_not_entered();
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

void second_stop_in_stopped_group(Placement placement, Interface interface) {
  const Subject subject(placement, 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
  ASSERT_EQ(siginfo(subject.tid(0)).error, kOk);
  ASSERT_NO_FATAL_FAILURE(resume_in_stopped_group(subject, 1));

  subject.tgkill(1, SIGSTOP);
  ASSERT_EQ(wait_eventually(subject.tid(1)), signal_stop(SIGSTOP));
  ASSERT_EQ(cont(subject.tid(1)), kOk);  // suppressed
  expect_runs_silently(subject, 1);

  // Injected: a fresh stop event, of which only a re-armed sibling tells.
  ASSERT_EQ(rearm(subject.tid(0), interface), kOk);
  ASSERT_EQ(wait_at_once(subject.tid(0)), kNothing);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  EXPECT_EQ(wait_eventually(subject.tid(0)), stop_trap(SIGTSTP));
}

void interrupt_in_stopped_group(Placement placement, Interface interface) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
  ASSERT_NO_FATAL_FAILURE(resume_in_stopped_group(subject, 0));
  ASSERT_EQ(interrupt(subject.pid()), kOk);
  EXPECT_EQ(wait_eventually(subject.pid()), stop_trap(SIGSTOP));
}

// Each signal of the pair removes the other one from the queue.
void stop_and_continue_cancel(Placement placement, Interface interface) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  subject.kill(SIGCONT);
  subject.kill(SIGSTOP);  // SIGCONT is gone
  subject.kill(SIGUSR1);
  // AR re-traps for SIGCONT, ML after CONT: drop the STOP traps.
  WaitStatus status = kNothing;
  int traps = 0;
  do {
    (void)wait_at_once(pid);
    ASSERT_EQ(siginfo(pid).error, kOk);
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  } while (status == stop_trap(SIGTRAP) && ++traps < 4);
  ASSERT_EQ(status, signal_stop(SIGUSR1));
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(CommonRules, C11_StopAndContinueSignalsCancelEachOther) {
  in_each_mode(stop_and_continue_cancel, GetParam());
}

// In a trap, whichever, or on its way to one: nobody dequeues.
void expect_cancel(const Subject& subject) {
  ASSERT_TRUE(subject.reaches_state('t'));
  subject.kill(SIGTSTP);
  subject.tgkill(0, SIGSTOP);
  ASSERT_TRUE(subject.is_pending(SIGTSTP));
  ASSERT_TRUE(subject.is_pending(SIGSTOP));
  subject.kill(SIGCONT);
  EXPECT_FALSE(subject.is_pending(SIGTSTP));
  EXPECT_FALSE(subject.is_pending(SIGSTOP));
  ASSERT_TRUE(subject.is_pending(SIGCONT));
  subject.kill(SIGSTOP);
  EXPECT_FALSE(subject.is_pending(SIGCONT));
  EXPECT_TRUE(subject.is_pending(SIGSTOP));
}

void cancel_in_every_trap(Placement placement, Interface interface) {
  for (const Situation& situation : all_situations()) {
    if (situation.name.starts_with("running")) continue;
    SCOPED_TRACE(std::string(situation.name));
    const Subject subject(placement, 1, situation.body);
    ASSERT_NO_FATAL_FAILURE(situation.enter(subject, interface, 0));
    ASSERT_NO_FATAL_FAILURE(expect_cancel(subject));
  }
}

TEST_P(CommonRules, C11_PendingSignalsCancelEachOtherInEveryTrap) {
  in_each_mode(cancel_in_every_trap, GetParam());
}

// Re-armed since that SIGCONT, so that nothing is on its way.
void stop_cancels_sigcont_of_the_rearmed(Placement placement,
                                         Interface interface) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
  ASSERT_EQ(rearm(pid, interface), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_EQ(rearm(pid, interface), kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_TRUE(subject.is_pending(SIGCONT));
  ASSERT_EQ(subject.state(), 't');
  subject.kill(SIGSTOP);
  EXPECT_FALSE(subject.is_pending(SIGCONT));
  EXPECT_TRUE(subject.is_pending(SIGSTOP));
}

TEST_P(CommonRules, C11_StopSignalCancelsTheSigcontOfTheRearmed) {
  in_each_mode(stop_cancels_sigcont_of_the_rearmed, GetParam());
}

TEST_P(CommonRules, C12_SigcontDuringDeliveryCancelsTheStop) {
  in_each_mode(sigcont_cancels_injected_stop, GetParam());
}

TEST_P(CommonRules, C16_StopSignalInStoppedGroup) {
  in_each_mode(second_stop_in_stopped_group, GetParam());
}

TEST_P(CommonRules, C17_InterruptInStoppedGroupReportsTheStopSignal) {
  in_each_mode(interrupt_in_stopped_group, GetParam());
}

}  // namespace
}  // namespace retrap::conform
