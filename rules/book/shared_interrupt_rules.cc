// SPDX-License-Identifier: GPL-2.0-only
// What several designs promise of reports and of PTRACE_INTERRUPT; the words
// are those of shared_rules.cc.
#include <gtest/gtest.h>
#include <signal.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kListen = Interface::kListen;
constexpr Interface kAsyncRetrap = Interface::kAsyncRetrap;
constexpr Interface kPleaseNotify = Interface::kPleaseNotify;

void interrupt_of_the_trapped_owes_a_trap(Placement placement, Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  ASSERT_EQ(siginfo(pid).error, kOk);  // async-retrap: acknowledged
  const Stillness stillness(subject);
  ASSERT_EQ(interrupt(pid), kOk);
  stillness.expect();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML17_InterruptOfTrappedTraceeTrapsAfterCont) {
  interrupt_of_the_trapped_owes_a_trap(GetParam(), kListen);
}
TEST_P(AsyncRetrapRules, AR15_InterruptOfTrappedTraceeTrapsAfterCont) {
  interrupt_of_the_trapped_owes_a_trap(GetParam(), kAsyncRetrap);
}

// The second one comes when the report of the first is there, not waited.
void second_interrupt_owes_a_trap(Placement placement, Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, mode));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  const Stillness one_report(subject);
  one_report.expect();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML17_SecondInterruptWhileListeningTrapsAfterCont) {
  second_interrupt_owes_a_trap(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN08_SecondInterruptTrapsAfterCont) {
  second_interrupt_owes_a_trap(GetParam(), kPleaseNotify);
}
TEST_P(RepublishRules, LR02_SecondInterruptTrapsAfterCont) {
  second_interrupt_owes_a_trap(GetParam(), *republishing());
}

void interrupt_in_group_stop_reports_at_once(Placement placement,
                                             Interface mode) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, mode));
  expect_interrupts_at_once(subject, mode, stop_trap(SIGSTOP));
}

TEST_P(PleaseNotifyRules, PN07_InterruptReportsAtOnce) {
  interrupt_in_group_stop_reports_at_once(GetParam(), kPleaseNotify);
}
TEST_P(RepublishRules, LR01_InterruptReportsAtOnce) {
  interrupt_in_group_stop_reports_at_once(GetParam(), *republishing());
}

void interrupt_in_running_group_reports_at_once(Placement placement,
                                                Interface mode) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, mode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  expect_interrupts_at_once(subject, mode, stop_trap(SIGTRAP));
}

TEST_P(PleaseNotifyRules, PN07_InterruptInRunningGroupReportsAtOnce) {
  interrupt_in_running_group_reports_at_once(GetParam(), kPleaseNotify);
}
TEST_P(RepublishRules, LR01_InterruptInRunningGroupReportsAtOnce) {
  interrupt_in_running_group_reports_at_once(GetParam(), *republishing());
}

void hiding_takes_the_unwaited_report_along(Placement placement,
                                            Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, mode));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGTRAP));  // it is there
  EXPECT_EQ(rearm(pid, mode), kOk);
  const Stillness stillness(subject);
  stillness.expect();
}

TEST_P(ListenRules, ML18_ListenHidesTheUnwaitedReport) {
  hiding_takes_the_unwaited_report_along(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN20_JobctlContDropsTheUnwaitedReport) {
  hiding_takes_the_unwaited_report_along(GetParam(), kPleaseNotify);
}

void several_sigconts_are_one_report(Placement placement, Interface mode) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, mode));
  for (int i = 0; i < 5; ++i) subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness one_report(subject);
  one_report.expect();
  ASSERT_EQ(cont(pid), kOk);
  WaitStatus status = wait_eventually(pid);
  if (listens(mode) && status == stop_trap(SIGTRAP)) {
    ASSERT_EQ(cont(pid), kOk);  // some came after the re-trap
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML15_SigcontsWhileListeningAreOneReport) {
  several_sigconts_are_one_report(GetParam(), kListen);
}
TEST_P(PleaseNotifyRules, PN21_SigcontsAfterJobctlContAreOneReport) {
  several_sigconts_are_one_report(GetParam(), kPleaseNotify);
}

}  // namespace
}  // namespace retrap::conform
