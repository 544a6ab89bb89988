// SPDX-License-Identifier: GPL-2.0-only
// PN: what is owed to a tracee that leaves its trap.
#include <gtest/gtest.h>
#include <signal.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kPleaseNotify;

TEST_P(PleaseNotifyRules, PN08_InterruptAfterJobctlContOwesNoTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(PleaseNotifyRules, PN27_JobctlContAnswersAnInterruptOfBefore) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(registers(pid).error, kOk);  // the tracee is off its CPU
  const std::uint64_t switches = subject.voluntary_switches();
  ASSERT_EQ(interrupt(pid), kOk);  // one more trap, were it resumed now
  (void)take_sigchld();
  ASSERT_EQ(jobctl_cont(pid), kOk);
  EXPECT_TRUE(take_sigchld());
  ASSERT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(registers(pid).error, kOk);
  EXPECT_EQ(subject.voluntary_switches(), switches) << "was woken";
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(PleaseNotifyRules, PN10_GetsiginfoKeepsTheStateOfTheTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  const Info at_trap = siginfo(pid);
  ASSERT_EQ(at_trap.signo, SIGSTOP);
  EXPECT_TRUE(at_trap.stopped);
  subject.kill(SIGCONT);
  EXPECT_EQ(siginfo(pid), at_trap);
  EXPECT_EQ(siginfo(pid), at_trap);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_FALSE(siginfo(pid).stopped);
}

TEST_P(PleaseNotifyRules, PN13_SigcontToRunningGroupIsNotReported) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  subject.kill(SIGCONT);  // never stopped
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
  subject.kill(SIGCONT);  // resumed from STOP(TRAP)
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(PleaseNotifyRules, PN13_SiginfoOfAStopTrapAsksForNothing) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_into_disguised_stop(subject, kMode));
  subject.kill(SIGCONT);
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
}

TEST_P(PleaseNotifyRules, PN14_GroupStopStopsTheRunningThreads) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  expect_runs_silently(subject, 1);
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
}

TEST_P(PleaseNotifyRules, PN15_ResumedTraceeStaysNotifiedAcrossOtherTraps) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  expect_sigcont_delivered(subject);
}

}  // namespace
}  // namespace retrap::conform
