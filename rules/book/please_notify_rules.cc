// SPDX-License-Identifier: GPL-2.0-only
// PN: O. Nesterov's PTRACE_JOBCTL_CONT. "J" is a waited STOP trap after it.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cstdint>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kPleaseNotify;

// J, from whatever waited STOP trap.
void jobctl_cont_all(const Subject& subject) {
  for (int thread = 0; thread < subject.threads(); ++thread) {
    ASSERT_EQ(jobctl_cont(subject.tid(thread)), kOk);
    ASSERT_EQ(registers(subject.tid(thread)).error, Errno{ESRCH});
    ASSERT_EQ(wait_at_once(subject.tid(thread)), kNothing);
  }
}

void seize_stop_and_jobctl_cont(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(jobctl_cont_all(subject));
}

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

TEST_P(PleaseNotifyRules, PN01_JobctlContOnlyInStopTrap) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH}) << "not a tracee";
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode, PTRACE_O_TRACESYSGOOD));
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH}) << "running";

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(cont(pid), kOk);  // no longer in a STOP trap
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  EXPECT_EQ(jobctl_cont(pid), Errno{EIO}) << "signal-delivery-stop";
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  EXPECT_EQ(jobctl_cont(pid), Errno{EIO}) << "syscall-stop";
  ASSERT_EQ(cont(pid), kOk);

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  EXPECT_EQ(jobctl_cont(pid), kOk);
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH}) << "already J";
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

TEST_P(PleaseNotifyRules, PN03_JobctlContKeepsTheTraceeStopped) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_jobctl_cont(subject));
  const Stillness stillness(subject);
  stillness.expect();
}

TEST_P(PleaseNotifyRules, PN04_RequestsAfterJobctlContAreEsrch) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_jobctl_cont(subject));
  const Stillness stillness(subject);
  EXPECT_EQ(siginfo(pid).error, Errno{ESRCH});
  EXPECT_EQ(registers(pid).error, Errno{ESRCH});
  EXPECT_EQ(peek(pid, &kMode), Errno{ESRCH});
  EXPECT_EQ(detach(pid), Errno{ESRCH});
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH});
  EXPECT_EQ(listen(pid), Errno{ESRCH});
  EXPECT_EQ(cont(pid), Errno{ESRCH});
  EXPECT_EQ(request(PTRACE_SYSCALL, pid), Errno{ESRCH});
  stillness.expect();
  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));

  ASSERT_NO_FATAL_FAILURE(jobctl_cont_all(subject));
  EXPECT_EQ(request(PTRACE_KILL, pid), kOk);
  EXPECT_TRUE(subject.reaches_state('Z'));
}

TEST_P(PleaseNotifyRules, PN05_SigcontAfterJobctlContReportsOnce) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_jobctl_cont(subject));
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

TEST_P(PleaseNotifyRules, PN06_MissedChangeIsReportedByJobctlCont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  EXPECT_EQ(jobctl_cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness one_report(subject);
  one_report.expect();
}

TEST_P(PleaseNotifyRules, PN07_InterruptReportsAtOnce) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  expect_interrupts_at_once(subject, kMode, stop_trap(SIGSTOP));
}

TEST_P(PleaseNotifyRules, PN07_InterruptInRunningGroupReportsAtOnce) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  expect_interrupts_at_once(subject, kMode, stop_trap(SIGTRAP));
}

}  // namespace
}  // namespace retrap::conform
