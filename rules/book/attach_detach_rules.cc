// SPDX-License-Identifier: GPL-2.0-only
// R: SIGCONT that meets PTRACE_ATTACH, and PTRACE_DETACH with a stop pending.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <string>

#include "book/options.h"
#include "book/outcomes.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr WaitStatus kTrap = stop_trap(SIGTRAP);

// ATTACH, and then `sig`: SD(SIGSTOP) and SD(sig), or SD(sig) alone or first.
// In SD(sig) at the end.
void attach_against(const Subject& subject, int sig, std::uint64_t turn,
                    bool& sigstop_seen) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(attach(pid), kOk);
  wait_a_little(turn);
  subject.tgkill(0, sig);
  WaitStatus status = wait_eventually(pid);
  sigstop_seen = status == signal_stop(SIGSTOP);
  if (sigstop_seen) {
    ASSERT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, signal_stop(sig));
}

// SIGCONT removes the pending SIGSTOP by which ATTACH stops the tracee.
TEST_P(RaceRules, R08_SigcontMayTakeTheSigstopOfAttach) {
  const Subject subject(GetParam(), 1, Body::kPause);
  count_outcomes(
      options().count, [&](std::uint64_t turn, std::string& outcome) {
        bool seen = false;
        ASSERT_NO_FATAL_FAILURE(attach_against(subject, SIGCONT, turn, seen));
        ASSERT_EQ(detach(subject.pid()), kOk);
        outcome = seen ? "stopped" : "lost";
      });
  EXPECT_TRUE(subject.reaches_state('S'));
}

// What ATTACH does not promise, SEIZE and INTERRUPT do: their stop is first.
TEST_P(RaceRules, R09_SigcontDoesNotTakeTheTrapOfInterrupt) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  count_outcomes(
      options().count, [&](std::uint64_t turn, std::string& outcome) {
        ASSERT_EQ(seize(pid, Interface::kListen), kOk);
        ASSERT_EQ(interrupt(pid), kOk);
        wait_a_little(turn);
        subject.kill(SIGCONT);
        ASSERT_EQ(wait_eventually(pid), kTrap);
        ASSERT_EQ(cont(pid), kOk);
        WaitStatus status = wait_eventually(pid);
        const bool two = status == kTrap;  // one for INTERRUPT, one for SIGCONT
        if (two) {
          ASSERT_EQ(cont(pid), kOk);
          status = wait_eventually(pid);
        }
        ASSERT_EQ(status, signal_stop(SIGCONT));
        ASSERT_EQ(detach(pid), kOk);
        outcome = two ? "two_traps" : "one_trap";
      });
  EXPECT_TRUE(subject.reaches_state('S'));
}

// Whoever lets go before the SIGSTOP of ATTACH was reported leaves it behind.
TEST_P(RaceRules, R10_DetachBeforeTheSigstopOfAttachLeavesItPending) {
  const Subject subject(GetParam(), 1, Body::kPause);
  count_outcomes(
      options().count / 10 + 1, [&](std::uint64_t turn, std::string& outcome) {
        bool seen = false;
        ASSERT_NO_FATAL_FAILURE(attach_against(subject, SIGUSR1, turn, seen));
        ASSERT_EQ(detach(subject.pid()), kOk);
        ASSERT_TRUE(subject.reaches_state(seen ? 'S' : 'T'));
        subject.kill(SIGCONT);
        outcome = seen ? "left_running" : "left_stopped";
      });
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
