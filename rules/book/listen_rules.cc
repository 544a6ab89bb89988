// SPDX-License-Identifier: GPL-2.0-only
// ML: mainline's PTRACE_LISTEN. "L" is a waited STOP trap after LISTEN.
#include <gtest/gtest.h>
#include <signal.h>

#include <set>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

TEST_P(ListenRules, ML04_SigcontWhileListeningReportsStopTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, Interface::kListen));
  ASSERT_EQ(wait_at_once(pid), kNothing);

  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(registers(pid).error, kOk) << "still listening";
  EXPECT_EQ(siginfo(pid),
            (Info{kOk, SIGTRAP, stop_code_of(stop_trap(SIGTRAP)), false}));
  const Stillness one_report(subject);
  one_report.expect();
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML04_OtherPendingSignalsMayPrecedeSigcont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, Interface::kListen));
  subject.kill(SIGTERM);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));

  std::set<WaitStatus> delivered;
  for (int i = 0; i < 2; ++i) {
    ASSERT_EQ(cont(pid), kOk);
    delivered.insert(wait_eventually(pid));
  }
  const std::set<WaitStatus> both = {signal_stop(SIGTERM),
                                     signal_stop(SIGCONT)};
  EXPECT_EQ(delivered, both);
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML05_InterruptEndsListeningWithTheCurrentState) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_hide(subject, Interface::kListen));
  ASSERT_EQ(wait_at_once(pid), kNothing);

  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  EXPECT_EQ(registers(pid).error, kOk) << "still listening";
  EXPECT_EQ(siginfo(pid).signo, SIGSTOP);
  const Stillness one_report(subject);
  one_report.expect();

  // Nothing is pending: neither the next LISTEN nor CONT traps.
  ASSERT_EQ(listen(pid), kOk);
  const Stillness listening(subject);
  listening.expect();
  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML05_InterruptInRunningGroupReportsStopTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(registers(pid).error, Errno{ESRCH});

  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness one_report(subject);
  one_report.expect();
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

TEST_P(ListenRules, ML07_SigcontToTrappedTraceeIsSilent) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  const Info at_trap = siginfo(pid);
  ASSERT_EQ(at_trap.signo, SIGSTOP);

  const Stillness stillness(subject);
  subject.kill(SIGCONT);
  stillness.expect();
  EXPECT_EQ(siginfo(pid), at_trap);
  EXPECT_EQ(registers(pid).error, kOk);

  // It did arrive.
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
}

}  // namespace
}  // namespace retrap::conform
