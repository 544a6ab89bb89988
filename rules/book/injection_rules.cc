// SPDX-License-Identifier: GPL-2.0-only
// R: a signal that the tracer gives to the request that resumes a tracee: in
// which stops it arrives, and in which it is lost.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr unsigned long kOptions = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACECLONE;

void seize_caller(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen, kOptions));
}

void reach_syscall_stop(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(request(PTRACE_SYSCALL, subject.pid()), kOk);
  ASSERT_EQ(wait_eventually(subject.pid()), kSyscallStop);
}

TEST_P(RaceRules, R12_SignalOfADeliveryStopIsDelivered) {
  for (const bool let_go : {false, true}) {
    SCOPED_TRACE(let_go ? "DETACH" : "CONT");
    Subject subject(GetParam());
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
    subject.kill(SIGUSR1);
    ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
    ASSERT_EQ(let_go ? detach(pid, SIGUSR2) : cont(pid, SIGUSR2), kOk);
    ASSERT_EQ(wait_eventually(pid), killed_by(SIGUSR2));
    subject.set_reaped();
  }
}

TEST_P(RaceRules, R12_SignalOfASyscallStopIsSentAnew) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  for (int stop = 0; stop < 2; ++stop) {  // enter, exit
    SCOPED_TRACE(stop);
    ASSERT_NO_FATAL_FAILURE(reach_syscall_stop(subject));
    if (stop == 1) {
      ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
      ASSERT_EQ(wait_eventually(pid), kSyscallStop);
    }
    ASSERT_EQ(cont(pid, SIGUSR2), kOk);
    ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR2));
    ASSERT_EQ(cont(pid), kOk);
    expect_runs_silently(subject);
  }
}

TEST_P(RaceRules, R12_SignalOfAStopTrapIsLost) {
  for (const bool group_stop : {false, true}) {
    SCOPED_TRACE(group_stop ? "STOP(SIGSTOP)" : "STOP(TRAP)");
    const Subject subject(GetParam());
    ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
    if (group_stop) {
      ASSERT_NO_FATAL_FAILURE(stop_group(subject));
    } else {
      ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
    }
    ASSERT_EQ(cont(subject.pid(), SIGUSR2), kOk);
    expect_runs_silently(subject);
    EXPECT_FALSE(subject.is_pending(SIGUSR2));
  }
}

TEST_P(RaceRules, R12_SignalOfAnEventStopIsLost) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  subject.order(0, Command::kClone);
  ASSERT_EQ(wait_eventually(pid), event_stop(PTRACE_EVENT_CLONE));
  ASSERT_EQ(cont(pid, SIGUSR2), kOk);
  expect_runs_silently(subject);
  EXPECT_FALSE(subject.is_pending(SIGUSR2));
}

TEST_P(RaceRules, R12_DetachFromAStopTrapLosesTheSignal) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(detach(subject.pid(), SIGUSR2), kOk);
  expect_runs(subject);
  EXPECT_FALSE(subject.is_pending(SIGUSR2));
}

}  // namespace
}  // namespace retrap::conform
