// SPDX-License-Identifier: GPL-2.0-only
// PN: O. Nesterov's PTRACE_JOBCTL_CONT. "J" is a waited STOP trap after it.
#include <gtest/gtest.h>
#include <signal.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kPleaseNotify;

// Trapped, not J: whatever comes, nothing is seen of it.
void expect_quiescent(const Subject& subject) {
  const pid_t pid = subject.pid();
  const Stillness stillness(subject);
  const Info at_trap = siginfo(pid);
  EXPECT_EQ(at_trap.error, kOk);
  for (const int sig : {SIGCONT, SIGSTOP, SIGCONT, SIGTSTP, SIGCONT}) {
    subject.kill(sig);
    EXPECT_EQ(wait_at_once(pid), kNothing);
    EXPECT_EQ(registers(pid).error, kOk);
    EXPECT_EQ(siginfo(pid), at_trap);
  }
  stillness.expect();
}

// Two threads in a group-stop; 0 as it is, 1 runs and can stop the group.
void resume_sibling(const Subject& subject) {
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  expect_runs_silently(subject, 1);
}

// There is a signal in ->exit_code, which INTERRUPT after JC would replace.
TEST_P(PleaseNotifyRules, PN01_SiginfoOfAStopTrapMakesNone) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_into_disguised_stop(subject, kMode));
  EXPECT_EQ(jobctl_cont(subject.pid()), Errno{EIO});
}

TEST_P(PleaseNotifyRules, PN01_SiginfoOfAnotherStopUnmakesNone) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(set_siginfo(pid, SIGUSR1, SI_USER), kOk);
  EXPECT_EQ(jobctl_cont(pid), kOk);
  subject.kill(SIGCONT);
  EXPECT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
}

// The request belongs to the mode.
TEST_P(PleaseNotifyRules, PN01_JobctlContIsEioWithoutTheMode) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  ASSERT_NO_FATAL_FAILURE(
      expect_mode(subject, subject.pid(), Interface::kListen));
}

TEST_P(PleaseNotifyRules, PN02_TrappedTraceeIsQuiescent) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(siginfo(subject.pid()).signo, SIGSTOP);
  expect_quiescent(subject);
}

TEST_P(PleaseNotifyRules, PN02_GroupStopBySiblingIsSilent) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(resume_sibling(subject));
  const Info at_trap = siginfo(subject.pid());
  ASSERT_EQ(at_trap.signo, SIGSTOP);
  const Stillness stillness(subject);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  ASSERT_EQ(registers(subject.tid(1)).error, kOk);
  (void)take_sigchld();  // the sibling's; sent before its registers were read
  stillness.expect();
  EXPECT_EQ(siginfo(subject.pid()), at_trap);
  EXPECT_EQ(registers(subject.pid()).error, kOk);
}

TEST_P(PleaseNotifyRules, PN05_SigcontAfterJobctlContReportsOnce) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, kMode));
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(siginfo(pid).signo, SIGTRAP);
  const Stillness one_report(subject);
  one_report.expect();
  expect_quiescent(subject);
}

TEST_P(PleaseNotifyRules, PN05_GroupStopBySiblingReportsOnce) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(resume_sibling(subject));
  ASSERT_EQ(jobctl_cont(subject.pid()), kOk);
  ASSERT_EQ(wait_at_once(subject.pid()), kNothing);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  ASSERT_EQ(wait_eventually(subject.pid()), stop_trap(SIGTSTP));
  EXPECT_EQ(siginfo(subject.pid()).signo, SIGTSTP);
  ASSERT_EQ(registers(subject.tid(1)).error, kOk);
  expect_quiescent(subject);
}

}  // namespace
}  // namespace retrap::conform
