// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/tracee.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "cells.h"
#include "core/ptrace/wait_status.h"

namespace retrap {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;

// Reaped: not even a zombie is left.
bool gone(pid_t pid) { return ::kill(pid, 0) == -1 && errno == ESRCH; }

TEST(Tracee, IsGoneAfterItsOwnerWhateverItsState) {
  pid_t asleep = 0;
  pid_t trapped = 0;
  pid_t listening = 0;
  pid_t exiting = 0;
  {
    const Tracee first = Tracee::spawn(sleep_in_pause);
    const Tracee second = Tracee::spawn(sleep_in_pause);
    const Tracee third = Tracee::spawn(sleep_in_pause);
    const Tracee fourth = Tracee::spawn([] {});
    second.seize(Interface::kListen);
    second.interrupt();
    ASSERT_EQ(second.wait(), stop_trap(SIGTRAP));
    third.seize(Interface::kListen, PTRACE_O_TRACEEXIT);
    third.interrupt();
    ASSERT_EQ(third.wait(), stop_trap(SIGTRAP));
    third.listen();
    asleep = first.pid();
    trapped = second.pid();
    listening = third.pid();
    exiting = fourth.pid();
  }
  EXPECT_TRUE(gone(asleep));
  EXPECT_TRUE(gone(trapped));
  EXPECT_TRUE(gone(listening));
  EXPECT_TRUE(gone(exiting));
}

TEST(Tracee, RequestsSayWhatFailed) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  EXPECT_EQ(tracee.try_listen(), std::errc::no_such_process);
  EXPECT_THROW(tracee.listen(), std::system_error);
  EXPECT_EQ(tracee.try_seize(0), std::errc::operation_not_permitted);
}

TEST(Tracee, WaitsForAWhileOnly) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  EXPECT_EQ(tracee.wait_within(20ms), kNothing);
  tracee.interrupt();
  EXPECT_EQ(tracee.wait_within(60s), stop_trap(SIGTRAP));
}

TEST(Tracee, IsPinned) {
  const int cpu = allowed_cpus().back();
  const Tracee tracee = Tracee::spawn(
      [cpu] { ::_exit(allowed_cpus() == std::vector{cpu} ? 7 : 1); }, cpu);
  EXPECT_EQ(tracee.wait(), exited(7));
}

TEST(Tracee, SetUpThatFailsIsReported) {
  EXPECT_THROW(Tracee::spawn(sleep_in_pause, 8191), std::system_error);
}

TEST(Tracee, BodyThatThrowsExitsWithOne) {
  const Tracee tracee = Tracee::spawn([] { throw std::runtime_error("body"); });
  EXPECT_EQ(tracee.wait(), exited(1));
}

TEST(Interfaces, ListenIsOfferedByEveryKernel) {
  EXPECT_TRUE(offered(Interface::kListen));
}

}  // namespace
}  // namespace retrap
