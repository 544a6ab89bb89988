// SPDX-License-Identifier: GPL-2.0-only
// ML: mainline's PTRACE_LISTEN. "L" is a waited STOP trap after LISTEN.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <set>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr int kStopCode =
    stop_code_of(stop_trap(SIGTRAP));  // si_code of STOP(TRAP)

// L in a stopped group; every thread of it.
void seize_stop_and_listen(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  for (int thread = 0; thread < subject.threads(); ++thread) {
    ASSERT_EQ(listen(subject.tid(thread)), kOk);
    ASSERT_EQ(registers(subject.tid(thread)).error, Errno{ESRCH});
  }
}

TEST_P(ListenRules, ML01_ListenOnlyInStopTrap) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  EXPECT_EQ(listen(pid), Errno{ESRCH}) << "not a tracee";
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, Interface::kListen, PTRACE_O_TRACESYSGOOD));
  EXPECT_EQ(listen(pid), Errno{ESRCH}) << "running";

  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  EXPECT_EQ(listen(pid), Errno{EIO}) << "signal-delivery-stop";
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  EXPECT_EQ(listen(pid), Errno{EIO}) << "syscall-stop";
  ASSERT_EQ(cont(pid), kOk);

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  EXPECT_EQ(listen(pid), kOk);
  EXPECT_EQ(listen(pid), Errno{ESRCH}) << "already listening";
}

TEST_P(ListenRules, ML02_ListeningTraceeStaysStopped) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
  const Stillness stillness(subject);
  stillness.expect();
}

TEST_P(ListenRules, ML03_RequestsWhileListeningAreEsrch) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
  const Stillness stillness(subject);
  EXPECT_EQ(cont(pid), Errno{ESRCH});
  EXPECT_EQ(request(PTRACE_SYSCALL, pid), Errno{ESRCH});
  EXPECT_EQ(listen(pid), Errno{ESRCH});
  EXPECT_EQ(detach(pid), Errno{ESRCH});
  EXPECT_EQ(registers(pid).error, Errno{ESRCH});
  EXPECT_EQ(siginfo(pid).error, Errno{ESRCH});
  EXPECT_EQ(peek(pid, &kStopCode), Errno{ESRCH});
  stillness.expect();
}

TEST_P(ListenRules, ML04_SigcontWhileListeningReportsStopTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
  ASSERT_EQ(wait_at_once(pid), kNothing);

  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(registers(pid).error, kOk) << "still listening";
  EXPECT_EQ(siginfo(pid), (Info{kOk, SIGTRAP, kStopCode, false}));
  const Stillness one_report(subject);
  one_report.expect();
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML04_OtherPendingSignalsMayPrecedeSigcont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
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
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
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

TEST_P(ListenRules, ML08_MissedSigcontIsReportedByListen) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  EXPECT_EQ(listen(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML08_MissedSigcontIsReportedBeforeUserMode) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_at_once(pid), kNothing);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML09_SignalsWhileListeningStayPending) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
  const Stillness stillness(subject);
  subject.kill(SIGSTOP);
  subject.kill(SIGUSR1);
  stillness.expect();

  EXPECT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  ASSERT_EQ(cont(pid), kOk);
  EXPECT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
}

TEST_P(ListenRules, ML13_SigcontToRunningTraceeReportsStopTrap) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  expect_runs_silently(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(subject.pid()), stop_trap(SIGTRAP));
  expect_sigcont_delivered(subject);
}

TEST_P(ListenRules, ML17_InterruptOfTrappedTraceeTrapsAfterCont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kListen));
  const Stillness stillness(subject);
  EXPECT_EQ(interrupt(pid), kOk);
  stillness.expect();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGSTOP));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

// The second one comes when the report of the first is there, not waited.
TEST_P(ListenRules, ML17_SecondInterruptWhileListeningTrapsAfterCont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_listen(subject));
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

}  // namespace
}  // namespace retrap::conform
