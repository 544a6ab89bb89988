// SPDX-License-Identifier: GPL-2.0-only
// R: SIGCONT that meets PTRACE_ATTACH, and PTRACE_DETACH with a stop pending.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>

#include "book/options.h"
#include "book/outcomes.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr WaitStatus kTrap = stop_trap(SIGTRAP);
constexpr WaitStatus kSigcont = signal_stop(SIGCONT);

// SIGCONT removes the pending SIGSTOP by which ATTACH stops the tracee.
TEST_P(RaceRules, R08_SigcontMayTakeTheSigstopOfAttach) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  Outcomes outcomes;
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(attach(pid), kOk);
    wait_a_little(turn);
    subject.kill(SIGCONT);
    WaitStatus status = wait_eventually(pid);
    const bool lost = status == kSigcont;
    if (!lost) {
      ASSERT_EQ(status, signal_stop(SIGSTOP)) << "turn " << turn;
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    ASSERT_EQ(status, kSigcont) << "turn " << turn;
    ASSERT_EQ(detach(pid), kOk);
    outcomes.count(lost ? "lost" : "stopped");
  }
  outcomes.record();
  EXPECT_TRUE(subject.reaches_state('S'));
}

// What ATTACH does not promise, SEIZE and INTERRUPT do: their stop is first.
TEST_P(RaceRules, R09_SigcontDoesNotTakeTheTrapOfInterrupt) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  Outcomes outcomes;
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(seize(pid, Interface::kListen), kOk);
    ASSERT_EQ(interrupt(pid), kOk);
    wait_a_little(turn);
    subject.kill(SIGCONT);
    ASSERT_EQ(wait_eventually(pid), kTrap) << "turn " << turn;
    ASSERT_EQ(cont(pid), kOk);
    WaitStatus status = wait_eventually(pid);
    const bool two = status == kTrap;  // one for INTERRUPT, one for SIGCONT
    if (two) {
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    ASSERT_EQ(status, kSigcont) << "turn " << turn;
    ASSERT_EQ(detach(pid), kOk);
    outcomes.count(two ? "two_traps" : "one_trap");
  }
  outcomes.record();
  EXPECT_TRUE(subject.reaches_state('S'));
}

// Whoever lets go before the SIGSTOP of ATTACH was reported leaves it behind.
TEST_P(RaceRules, R10_DetachBeforeTheSigstopOfAttachLeavesItPending) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  Outcomes outcomes;
  for (std::uint64_t turn = 0; turn < options().count / 10 + 1; ++turn) {
    ASSERT_EQ(attach(pid), kOk);
    wait_a_little(turn);
    subject.tgkill(0, SIGUSR1);
    WaitStatus status = wait_eventually(pid);
    const bool overtaken = status == signal_stop(SIGUSR1);
    if (!overtaken) {
      ASSERT_EQ(status, signal_stop(SIGSTOP)) << "turn " << turn;
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    ASSERT_EQ(status, signal_stop(SIGUSR1)) << "turn " << turn;
    ASSERT_EQ(detach(pid), kOk);
    ASSERT_TRUE(subject.reaches_state(overtaken ? 'T' : 'S'))
        << "turn " << turn;
    subject.kill(SIGCONT);
    outcomes.count(overtaken ? "left_stopped" : "left_running");
  }
  outcomes.record();
  EXPECT_TRUE(subject.reaches_state('S'));
}

TEST_P(RaceRules, R10_DetachLeavesAPendingStopSignal) {
  for (const bool trapped : {false, true}) {
    SCOPED_TRACE(trapped ? "STOP trap" : "signal-delivery-stop");
    const Subject subject(GetParam());
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
    if (trapped) {
      ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
    } else {
      subject.kill(SIGUSR1);
      ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
    }
    subject.kill(SIGSTOP);
    ASSERT_TRUE(subject.is_pending(SIGSTOP));
    ASSERT_EQ(detach(pid), kOk);
    ASSERT_TRUE(subject.reaches_state('T'));
    subject.kill(SIGCONT);
    expect_runs(subject);
  }
}

TEST_P(RaceRules, R11_DetachForgetsAPendingInterrupt) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(detach(pid), kOk);
  expect_runs(subject);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  expect_runs_silently(subject);
}

}  // namespace
}  // namespace retrap::conform
