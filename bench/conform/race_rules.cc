// SPDX-License-Identifier: GPL-2.0-only
// Rules of all families that are races between SIGCONT and a request.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "conform/requests.h"
#include "conform/rule_test.h"
#include "conform/signaller.h"
#include "conform/situations.h"
#include "conform/subject.h"

namespace retrap::conform {
namespace {

// Lets the race begin a little later each time, so that either side wins.
void dither(std::uint64_t turn) noexcept {
  std::atomic<std::uint64_t> spins{0};
  while (spins < turn % 64 * 8) ++spins;
}

// A trapped tracee, SIGCONT on its way, is re-armed: a report must follow.
void never_lost_by_rearm(Placement placement, Interface interface) {
  const Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  Signaller signaller(pid, SIGCONT);
  const UserMode user_mode(subject);
  std::uint64_t signal_first = 0;
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    signaller.order();
    dither(turn);
    if (signaller.is_done()) ++signal_first;
    ASSERT_EQ(rearm(pid, interface), kOk) << "turn " << turn;
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_TRUE(signaller.finish());
    // One order, one report: SIGCONT came either before or after re-arming.
    ASSERT_EQ(registers(pid).error, kOk);
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
  }
  user_mode.expect_not_entered();
  ::testing::Test::RecordProperty("turns", std::to_string(options().count));
  ::testing::Test::RecordProperty("signal_first", std::to_string(signal_first));
}

TEST_P(ListenRules, ML22_SigcontIsNeverLostByListen) {
  never_lost_by_rearm(GetParam(), Interface::kListen);
}

TEST_P(PleaseNotifyRules, PN24_SigcontIsNeverLostByJobctlCont) {
  never_lost_by_rearm(GetParam(), Interface::kPleaseNotify);
}

// INTERRUPT and SIGCONT meet a tracee that listens. At least one report, and
// the state of the last one is the state of the group.
TEST_P(ListenRules, ML23_InterruptAndSigcontReportTheCurrentState) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  Signaller signaller(pid, SIGCONT);
  for (std::uint64_t turn = 0; turn < options().count / 10 + 1; ++turn) {
    ASSERT_NO_FATAL_FAILURE(stop_group(subject)) << "turn " << turn;
    ASSERT_EQ(listen(pid), kOk);
    signaller.order();
    dither(turn);
    ASSERT_EQ(interrupt(pid), kOk);
    ASSERT_TRUE(signaller.finish());
    Status status = wait_eventually(pid);
    if (status == stop_trap(SIGSTOP)) {  // INTERRUPT won; SIGCONT is owed
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    for (int traps = 0; status == stop_trap(SIGTRAP) && traps < 3; ++traps) {
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    ASSERT_EQ(status, signal_stop(SIGCONT)) << "turn " << turn;
    ASSERT_EQ(cont(pid), kOk);
  }
}

// SIGCONT meets INTERRUPT after JOBCTL_CONT: one report, whoever wins.
TEST_P(PleaseNotifyRules, PN24_SigcontAndInterruptReportOnce) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kPleaseNotify));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  Signaller signaller(pid, SIGCONT);
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(jobctl_cont(pid), kOk) << "turn " << turn;
    signaller.order();
    dither(turn);
    ASSERT_EQ(interrupt(pid), kOk) << "turn " << turn;
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_TRUE(signaller.finish());
    ASSERT_EQ(registers(pid).error, kOk);
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
    // INTERRUPT won: SIGCONT is remembered for the next JOBCTL_CONT (PN6).
    ASSERT_EQ(jobctl_cont(pid), kOk);
    ASSERT_EQ(interrupt(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP)) << "turn " << turn;
  }
}

// User mode only with every change acknowledged: SIGCONT races with CONT, and
// its own delivery is the only thing that may come without a STOP trap.
TEST_P(AsyncRetrapRules, AR27_SigcontIsNeverLostByCont) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kAsyncRetrap));
  Signaller signaller(pid, SIGCONT);
  for (std::uint64_t turn = 0; turn < options().count / 10 + 1; ++turn) {
    ASSERT_NO_FATAL_FAILURE(stop_group(subject)) << "turn " << turn;
    ASSERT_TRUE(siginfo(pid).stopped);
    signaller.order();
    dither(turn);
    ASSERT_EQ(cont(pid), kOk) << "turn " << turn;
    // A STOP trap tells of the SIGCONT, whichever came first, and returns
    // until it is acknowledged.
    ASSERT_TRUE(signaller.finish());
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    const UserMode user_mode(subject);
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    user_mode.expect_not_entered();
    ASSERT_FALSE(siginfo(pid).stopped);
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), signal_stop(SIGCONT)) << "turn " << turn;
    ASSERT_EQ(cont(pid), kOk);
  }
}

}  // namespace
}  // namespace retrap::conform
