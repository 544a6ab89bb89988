// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/tracee.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>

#include "book/requests.h"
#include "cells.h"

namespace retrap {
namespace {

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
    ASSERT_EQ(conform::interrupt(second.pid()), conform::kOk);
    ASSERT_EQ(conform::wait_asleep(second.pid()), stop_trap(SIGTRAP));
    third.seize(Interface::kListen, PTRACE_O_TRACEEXIT);
    ASSERT_EQ(conform::interrupt(third.pid()), conform::kOk);
    ASSERT_EQ(conform::wait_asleep(third.pid()), stop_trap(SIGTRAP));
    ASSERT_EQ(conform::listen(third.pid()), conform::kOk);
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
  EXPECT_EQ(tracee.try_request(PTRACE_LISTEN), std::errc::no_such_process);
  EXPECT_EQ(tracee.try_seize(0), std::errc::operation_not_permitted);
  EXPECT_THROW(tracee.seize(Interface::kListen), std::system_error);
}

TEST(Tracee, IsPinned) {
  const int cpu = allowed_cpus().back();
  const Tracee tracee = Tracee::spawn(
      [cpu] { ::_exit(allowed_cpus() == std::vector{cpu} ? 7 : 1); }, cpu);
  EXPECT_EQ(conform::wait_asleep(tracee.pid()), exited(7));
}

TEST(Tracee, SetUpThatFailsIsReported) {
  EXPECT_THROW(Tracee::spawn(sleep_in_pause, 8191), std::system_error);
}

TEST(Tracee, BodyThatThrowsExitsWithOne) {
  const Tracee tracee = Tracee::spawn([] { throw std::runtime_error("body"); });
  EXPECT_EQ(conform::wait_asleep(tracee.pid()), exited(1));
}

TEST(Interfaces, ListenIsOfferedByEveryKernel) {
  EXPECT_TRUE(offered(Interface::kListen));
}

}  // namespace
}  // namespace retrap
