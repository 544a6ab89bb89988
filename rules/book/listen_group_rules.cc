// SPDX-License-Identifier: GPL-2.0-only
// ML: several events, several threads, and reports that were not waited.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kListen;

TEST_P(ListenRules, ML11_GroupStopBySiblingReportsTheNewSignal) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(listen(subject.tid(0)), kOk);
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  expect_runs_silently(subject, 1);
  ASSERT_EQ(wait_at_once(subject.tid(0)), kNothing);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  EXPECT_EQ(wait_eventually(subject.tid(0)), stop_trap(SIGTSTP));
}

// Process-directed: for the thread that runs first, and for no other.
TEST_P(ListenRules, ML12_AllListeningThreadsReportOneSigcontIsDelivered) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  for (int thread = 0; thread < 2; ++thread) {
    ASSERT_EQ(listen(subject.tid(thread)), kOk);
    ASSERT_EQ(wait_at_once(subject.tid(thread)), kNothing);
  }
  subject.kill(SIGCONT);
  for (int thread = 0; thread < 2; ++thread) {
    ASSERT_EQ(wait_eventually(subject.tid(thread)), stop_trap(SIGTRAP));
  }
  ASSERT_NO_FATAL_FAILURE(expect_sigcont_delivered(subject));
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  expect_runs_silently(subject, 1);
  EXPECT_EQ(wait_at_once(subject.tid(0)), kNothing);
}

TEST_P(ListenRules, ML15_LaterSigcontsCauseOneExtraTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(listen(pid), kOk);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness stillness(subject);
  for (int i = 0; i < 5; ++i) subject.kill(SIGCONT);
  stillness.expect();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML16_SigcontInDeliveryStopIsReportedBeforeUserMode) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  const UserMode user_mode(subject);
  const Stillness stillness(subject);
  subject.kill(SIGCONT);
  stillness.expect();
  EXPECT_EQ(listen(pid), Errno{EIO});
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
}

TEST_P(ListenRules, ML18_TheNextEventBringsAStatusAgain) {
  for (const int next : {SIGSTOP, SIGTRAP}) {
    const Subject subject(GetParam());
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(
        find_situation("group-stop, not waited").enter(subject, kMode, 0));
    ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGSTOP));
    ASSERT_EQ(listen(pid), kOk);
    ASSERT_EQ(wait_at_once(pid), kNothing);
    if (next == SIGSTOP) {
      ASSERT_EQ(interrupt(pid), kOk);
    } else {
      subject.kill(SIGCONT);
    }
    ASSERT_EQ(wait_eventually(pid), stop_trap(next));
    const Stillness one_report(subject);
    one_report.expect();
  }
}

// LISTEN trusts the siginfo of the trap, which the tracer may change.
TEST_P(ListenRules, ML19_ChangedSiginfoMakesListenEio) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  siginfo_t info{};
  const auto data = reinterpret_cast<unsigned long>(&info);
  ASSERT_EQ(request(PTRACE_GETSIGINFO, pid, 0, data), kOk);
  const int stop_code = info.si_code;
  info.si_code = SI_USER;
  EXPECT_EQ(request(PTRACE_SETSIGINFO, pid, 0, data), kOk);
  ASSERT_EQ(siginfo(pid).code, SI_USER);
  EXPECT_EQ(listen(pid), Errno{EIO});
  info.si_code = stop_code;
  EXPECT_EQ(request(PTRACE_SETSIGINFO, pid, 0, data), kOk);
  EXPECT_EQ(listen(pid), kOk);
}

TEST_P(ListenRules, ML21_SigkillEndsListening) {
  Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(registers(pid).error, Errno{ESRCH}) << "not listening";
  subject.kill(SIGKILL);
  ASSERT_NO_FATAL_FAILURE(expect_death(subject));
}

TEST_P(ListenRules, ML20_WnowaitRepeatsTheReport) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_EQ(listen(pid), kOk);
  ASSERT_EQ(peek_wait_at_once(pid), kNothing);
  subject.kill(SIGCONT);
  ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(wait_at_once(pid), kNothing);
}

}  // namespace
}  // namespace retrap::conform
