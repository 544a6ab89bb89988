// SPDX-License-Identifier: GPL-2.0-only
// The checks of the start state see what they are there for.
#include <gtest/gtest.h>

#include <csignal>
#include <thread>

#include "book/requests.h"
#include "cells.h"
#include "core/ptrace/tracee.h"

namespace retrap {
namespace {

void spin_for_ever() {
  for (;;) asm volatile("");
}

class StartState : public testing::Test {
 protected:
  static Tracee spawn_seized(void (*body)()) {
    Tracee tracee = Tracee::spawn(body);
    tracee.seize(Interface::kListen);
    return tracee;
  }
  // Group-stopped and listening.
  static void stop_and_listen(const Tracee& tracee) {
    const pid_t pid = tracee.pid();
    ASSERT_EQ(::kill(pid, SIGSTOP), 0);
    ASSERT_EQ(conform::wait_asleep(pid), signal_stop(SIGSTOP));
    ASSERT_EQ(conform::cont(pid, SIGSTOP), conform::kOk);
    ASSERT_EQ(conform::wait_asleep(pid), stop_trap(SIGSTOP));
    ASSERT_EQ(conform::listen(pid), conform::kOk);
  }
  static void wait_for_report(const Tracee& tracee) {
    const TaskState state(tracee.pid());
    while (!state.has_report()) std::this_thread::yield();
  }
};

TEST_F(StartState, OfASleeperIsAsleep) {
  const Tracee tracee = spawn_seized(sleep_in_pause);
  Steps steps(tracee.pid(), false);
  EXPECT_TRUE(steps.asleep_in(kPauseSyscall));
  EXPECT_EQ(steps.failure().outcome, Outcome::kOk);
}

TEST_F(StartState, OfASpinnerIsNotAsleep) {
  const Tracee tracee = spawn_seized(spin_for_ever);
  Steps steps(tracee.pid(), false);
  EXPECT_FALSE(steps.asleep_in(kPauseSyscall));
  EXPECT_EQ(steps.failure().outcome, Outcome::kStartNotReached);
}

// A trapped task is inside its system call as much as one asleep in it.
TEST_F(StartState, OfATrappedSleeperIsNotAsleep) {
  const Tracee tracee = spawn_seized(sleep_in_pause);
  Steps steps(tracee.pid(), false);
  ASSERT_TRUE(steps.asleep_in(kPauseSyscall));
  ASSERT_EQ(conform::interrupt(tracee.pid()), conform::kOk);
  wait_for_report(tracee);
  EXPECT_FALSE(steps.asleep_in(kPauseSyscall));
}

TEST_F(StartState, OfAListenerIsTrappedAndQuiet) {
  const Tracee tracee = spawn_seized(sleep_in_pause);
  ASSERT_NO_FATAL_FAILURE(stop_and_listen(tracee));
  Steps steps(tracee.pid(), false);
  EXPECT_TRUE(steps.trapped_and_quiet());
}

// The event is over already: timing it would time nothing.
TEST_F(StartState, OfANotifiedListenerIsNotQuiet) {
  const Tracee tracee = spawn_seized(sleep_in_pause);
  ASSERT_NO_FATAL_FAILURE(stop_and_listen(tracee));
  ASSERT_EQ(::kill(tracee.pid(), SIGCONT), 0);
  wait_for_report(tracee);
  Steps steps(tracee.pid(), false);
  EXPECT_FALSE(steps.trapped_and_quiet());
  EXPECT_EQ(steps.failure().outcome, Outcome::kStartNotReached);
}

TEST_F(StartState, OfARunningTraceeIsNotTrapped) {
  const Tracee tracee = spawn_seized(spin_for_ever);
  Steps steps(tracee.pid(), false);
  EXPECT_FALSE(steps.trapped_and_quiet());
}

TEST_F(StartState, KeepsTheFirstFailureOnly) {
  const Tracee tracee = spawn_seized(sleep_in_pause);
  Steps steps(tracee.pid(), false);
  EXPECT_FALSE(steps.listen());  // it runs
  EXPECT_FALSE(steps.cont());
  EXPECT_EQ(describe(steps.failure()), "PTRACE_LISTEN: No such process");
  EXPECT_EQ(steps.failure().outcome, Outcome::kCallFailed);
}

}  // namespace
}  // namespace retrap
