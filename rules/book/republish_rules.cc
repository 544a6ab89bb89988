// SPDX-License-Identifier: GPL-2.0-only
// LR: what PTRACE_INTERRUPT of a listening tracee promises beyond ML.
#include <gtest/gtest.h>
#include <signal.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

TEST_P(RepublishRules, LR02_InterruptOwesNoTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, *republishing()));
  ASSERT_EQ(interrupt(pid), kOk);  // one more trap, were it resumed now
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

// The signal is in ->exit_code, where the report would replace it.
TEST_P(RepublishRules, LR03_AnotherStopIsNotReportedAgain) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_into_disguised_stop(subject, *republishing()));
  ASSERT_EQ(listen(pid), kOk);
  const std::uint64_t switches = subject.voluntary_switches();
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_EQ(registers(pid).error, kOk);  // off its CPU again
  EXPECT_GT(subject.voluntary_switches(), switches) << "was not woken";
}

TEST_P(RepublishRules, LR04_SigcontAfterTheReportIsReportedByListen) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, *republishing()));
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(siginfo(pid).signo, SIGSTOP);
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
}

}  // namespace
}  // namespace retrap::conform
