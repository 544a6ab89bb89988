// SPDX-License-Identifier: GPL-2.0-only
// PN: which reports PTRACE_JOBCTL_CONT brings, hides and drops.
#include <gtest/gtest.h>
#include <signal.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kPleaseNotify;

// "JOBCTL_CONT + CONT" of the mail is CONT from the trap of a group-stop.
TEST_P(PleaseNotifyRules, PN16_ContAfterJobctlContIsEsrch) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  const Stillness stillness(subject);
  EXPECT_EQ(cont(pid), Errno{ESRCH});
  stillness.expect();
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  expect_sigcont_delivered(subject);
}

TEST_P(PleaseNotifyRules, PN17_GroupStopBySiblingIsReported) {
  const Subject subject(GetParam(), 2);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTSTP));
  EXPECT_EQ(siginfo(pid).signo, SIGTSTP);
  const Stillness one_report(subject);
  one_report.expect();
}

// After LISTEN such a report is hidden and still there (ML18); here it is gone.
// wait(2) cannot tell the two apart, /proc can.
TEST_P(PleaseNotifyRules, PN20_DroppedReportIsNotJustHidden) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_EQ(subject.exit_code(), stop_code_of(stop_trap(SIGTRAP)));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  EXPECT_EQ(subject.exit_code(), 0);
  // What INTERRUPT makes of it is a report again.
  ASSERT_EQ(interrupt(pid), kOk);
  EXPECT_EQ(subject.exit_code(), stop_code_of(stop_trap(SIGTRAP)));
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
}

TEST_P(PleaseNotifyRules, PN21_LaterSigcontIsForTheNextJobctlContOnly) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness stillness(subject);
  for (int i = 0; i < 5; ++i) subject.kill(SIGCONT);
  stillness.expect();
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  subject.kill(SIGCONT);
  expect_sigcont_delivered(subject);  // PN13: no trap in front of it
}

TEST_P(PleaseNotifyRules, PN22_WnowaitRepeatsTheReportOfInterrupt) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(peek_wait_at_once(pid), kNothing);
}

// A report, its SIGCHLD, and no other one.
void expect_told(const Subject& subject, WaitStatus status) {
  ASSERT_EQ(wait_eventually(subject.pid()), status);
  ASSERT_EQ(registers(subject.pid()).error, kOk);  // the SIGCHLD is sent
  EXPECT_TRUE(take_sigchld()) << "none with " << status;
  const Stillness one_sigchld(subject);
  one_sigchld.expect();
}

// In a running group, where SIGCONT is no continuation that its parent, the
// tracer, is told of as well.
TEST_P(PleaseNotifyRules, PN25_EachTrapSendsSigchld) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  (void)take_sigchld();
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, stop_trap(SIGTRAP)));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  subject.kill(SIGCONT);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, stop_trap(SIGTRAP)));
  ASSERT_EQ(interrupt(pid), kOk);  // owes a trap
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, stop_trap(SIGTRAP)));
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, signal_stop(SIGCONT)));
  ASSERT_EQ(cont(pid), kOk);
  subject.kill(SIGSTOP);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, signal_stop(SIGSTOP)));
  ASSERT_EQ(cont(pid, SIGSTOP), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_told(subject, stop_trap(SIGSTOP)));
}

TEST_P(PleaseNotifyRules, PN25_EachReportSendsSigchld) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(jobctl_cont(pid), kOk);
  (void)take_sigchld();
  ASSERT_EQ(interrupt(pid), kOk);
  EXPECT_TRUE(take_sigchld()) << "none with INTERRUPT";
  ASSERT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_FALSE(take_sigchld()) << "a second one";
}

TEST_P(PleaseNotifyRules, PN26_ListenIsEio) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  const Stillness stillness(subject);
  EXPECT_EQ(listen(subject.pid()), Errno{EIO});
  stillness.expect();
}

}  // namespace
}  // namespace retrap::conform
