// SPDX-License-Identifier: GPL-2.0-only
// What several designs promise, each under its own number. A waited STOP trap
// is re-armed by LISTEN, PTRACE_JOBCTL_CONT or GETSIGINFO, see rearm(); after
// the first two it is hidden ("L", "J").
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kListen = Interface::kListen;
constexpr Interface kAsyncRetrap = Interface::kAsyncRetrap;
constexpr Interface kPleaseNotify = Interface::kPleaseNotify;

void rearm_works_in_stop_traps_only(Placement placement, Interface mode) {
  const Subject subject(placement, 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  EXPECT_EQ(rearm(pid, mode), Errno{ESRCH}) << "not a tracee";
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, mode, PTRACE_O_TRACESYSGOOD));
  EXPECT_EQ(rearm(pid, mode), Errno{ESRCH}) << "running";

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(cont(pid), kOk);  // no longer in a STOP trap
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  EXPECT_EQ(rearm(pid, mode), Errno{EIO}) << "signal-delivery-stop";
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  EXPECT_EQ(rearm(pid, mode), Errno{EIO}) << "syscall-stop";
  ASSERT_EQ(cont(pid), kOk);

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  EXPECT_EQ(rearm(pid, mode), kOk);
  EXPECT_EQ(rearm(pid, mode), Errno{ESRCH}) << "already hidden";
}

TEST_P(ListenRules, ML01_ListenOnlyInStopTrap) {
  rearm_works_in_stop_traps_only(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN01_JobctlContOnlyInStopTrap) {
  rearm_works_in_stop_traps_only(GetParam(), kPleaseNotify);
}

void hidden_stays_stopped(Placement placement, Interface mode) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, mode));
  const Stillness stillness(subject);
  stillness.expect();
}

TEST_P(ListenRules, ML02_ListeningTraceeStaysStopped) {
  hidden_stays_stopped(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN03_JobctlContKeepsTheTraceeStopped) {
  hidden_stays_stopped(GetParam(), kPleaseNotify);
}

void hidden_serves_interrupt_and_kill_only(Placement placement,
                                           Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, mode));
  const Stillness stillness(subject);
  EXPECT_EQ(cont(pid), Errno{ESRCH});
  EXPECT_EQ(request(PTRACE_SYSCALL, pid), Errno{ESRCH});
  EXPECT_EQ(listen(pid), Errno{ESRCH});
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH});
  EXPECT_EQ(detach(pid), Errno{ESRCH});
  EXPECT_EQ(registers(pid).error, Errno{ESRCH});
  EXPECT_EQ(siginfo(pid).error, Errno{ESRCH});
  EXPECT_EQ(peek(pid, &kListen), Errno{ESRCH});
  stillness.expect();
  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));

  ASSERT_NO_FATAL_FAILURE(hide(subject, mode));
  EXPECT_EQ(request(PTRACE_KILL, pid), kOk);
  EXPECT_TRUE(subject.reaches_state('Z'));
}

TEST_P(ListenRules, ML03_RequestsWhileListeningAreEsrch) {
  hidden_serves_interrupt_and_kill_only(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN04_RequestsAfterJobctlContAreEsrch) {
  hidden_serves_interrupt_and_kill_only(GetParam(), kPleaseNotify);
}

void missed_sigcont_is_reported_on(Placement placement, Interface mode,
                                   Errno (*request)(pid_t, Interface)) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  EXPECT_EQ(request(pid, mode), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  const Stillness one_report(subject);
  one_report.expect();
  expect_sigcont_delivered(subject);
}

Errno resume(pid_t pid, Interface) { return cont(pid); }

TEST_P(ListenRules, ML08_MissedSigcontIsReportedByListen) {
  missed_sigcont_is_reported_on(GetParam(), kListen, rearm);
}
TEST_P(PleaseNotifyRules, PN06_MissedChangeIsReportedByJobctlCont) {
  missed_sigcont_is_reported_on(GetParam(), kPleaseNotify, rearm);
}
TEST_P(ListenRules, ML08_MissedSigcontIsReportedBeforeUserMode) {
  missed_sigcont_is_reported_on(GetParam(), kListen, resume);
}
TEST_P(PleaseNotifyRules, PN12_MissedSigcontIsReportedBeforeUserMode) {
  missed_sigcont_is_reported_on(GetParam(), kPleaseNotify, resume);
}

void other_signals_stay_pending(Placement placement, Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  ASSERT_EQ(rearm(pid, mode), kOk);
  const Stillness stillness(subject);
  subject.kill(SIGSTOP);
  subject.kill(SIGUSR1);
  stillness.expect();

  if (mode != kAsyncRetrap) {
    ASSERT_EQ(interrupt(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  }
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
}

TEST_P(ListenRules, ML09_SignalsWhileListeningStayPending) {
  other_signals_stay_pending(GetParam(), kListen);
}
TEST_P(AsyncRetrapRules, AR16_SecondStopSignalIsNoChange) {
  other_signals_stay_pending(GetParam(), kAsyncRetrap);
}
TEST_P(PleaseNotifyRules, PN18_OtherSignalsAfterJobctlContAreSilent) {
  other_signals_stay_pending(GetParam(), kPleaseNotify);
}

void hidden_in_running_group_reports_sigcont(Placement placement,
                                             Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, mode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_NO_FATAL_FAILURE(hide(subject, mode));
  const Stillness stillness(subject);
  subject.kill(SIGSTOP);  // nobody dequeues it
  stillness.expect();
  subject.kill(SIGCONT);  // a report without a change
  EXPECT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
}

TEST_P(ListenRules, ML10_ListeningInRunningGroup) {
  hidden_in_running_group_reports_sigcont(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN17_JobctlContInRunningGroup) {
  hidden_in_running_group_reports_sigcont(GetParam(), kPleaseNotify);
}

void only_the_hidden_thread_reports(Placement placement, Interface mode) {
  const Subject subject(placement, 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  ASSERT_EQ(rearm(subject.tid(0), mode), kOk);
  const UserMode user_mode(subject, 1);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(subject.tid(0)), stop_trap(SIGTRAP));
  EXPECT_EQ(wait_at_once(subject.tid(1)), kNothing);
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  EXPECT_EQ(wait_eventually(subject.tid(1)), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
}

TEST_P(ListenRules, ML12_OnlyTheListeningThreadReports) {
  only_the_hidden_thread_reports(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN19_OnlyTheThreadWithJobctlContReports) {
  only_the_hidden_thread_reports(GetParam(), kPleaseNotify);
}

// Then SIGCONT: STOP(TRAP), which in async-retrap mode is acknowledged here.
void sigcont_of_the_running_traps(const Subject& subject) {
  expect_runs_silently(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(subject.pid()), stop_trap(SIGTRAP));
  const Info info = siginfo(subject.pid());
  EXPECT_EQ(info.signo, SIGTRAP);
  EXPECT_FALSE(info.stopped);
  expect_sigcont_delivered(subject);
}

void sigcont_in_running_group_traps(Placement placement, Interface mode) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, mode));
  sigcont_of_the_running_traps(subject);
}

TEST_P(ListenRules, ML13_SigcontToRunningTraceeReportsStopTrap) {
  sigcont_in_running_group_traps(GetParam(), kListen);
}
TEST_P(AsyncRetrapRules, AR09_SigcontWhileRunningTraps) {
  sigcont_in_running_group_traps(GetParam(), kAsyncRetrap);
}

void sigcont_after_resuming_traps(Placement placement, Interface mode,
                                  unsigned long how) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  ASSERT_EQ(siginfo(pid).error, kOk);  // async-retrap: acknowledged
  ASSERT_EQ(request(how, pid), kOk);
  if (how == PTRACE_SINGLESTEP) {
    ASSERT_EQ(wait_eventually(pid), signal_stop(SIGTRAP));
    ASSERT_EQ(cont(pid), kOk);
  }
  sigcont_of_the_running_traps(subject);
}

TEST_P(ListenRules, ML14_SigcontWhileRunningInStoppedGroupReports) {
  sigcont_after_resuming_traps(GetParam(), kListen, PTRACE_CONT);
}
TEST_P(AsyncRetrapRules, AR09_ChangesWhileRunningTrap) {
  sigcont_after_resuming_traps(GetParam(), kAsyncRetrap, PTRACE_CONT);
}
TEST_P(PleaseNotifyRules, PN11_SigcontAfterContReportsStopTrap) {
  sigcont_after_resuming_traps(GetParam(), kPleaseNotify, PTRACE_CONT);
}
TEST_P(PleaseNotifyRules, PN11_SigcontAfterSyscallReportsStopTrap) {
  sigcont_after_resuming_traps(GetParam(), kPleaseNotify, PTRACE_SYSCALL);
}
TEST_P(PleaseNotifyRules, PN11_SigcontAfterStepReportsStopTrap) {
  sigcont_after_resuming_traps(GetParam(), kPleaseNotify, PTRACE_SINGLESTEP);
}

}  // namespace
}  // namespace retrap::conform
