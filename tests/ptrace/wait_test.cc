// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/wait.h"

#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/ptrace/patience.h"
#include "core/ptrace/tracee.h"

namespace retrap {
namespace {

TEST(Wait, SaysWhyThereIsNoStatus) {
  const Tracee child = Tracee::spawn(sleep_in_pause);
  EXPECT_EQ(wait_for(child.pid(), WNOHANG), kNothing);
  EXPECT_EQ(wait_for(::getpid(), WNOHANG), kNoTracee);
  EXPECT_EQ(wait_for(child.pid(), -1), kWaitFailed);
  EXPECT_EQ(errno, EINVAL);
}

TEST(Wait, PeekLeavesTheStatus) {
  const Tracee child = Tracee::spawn(sleep_in_pause);
  EXPECT_EQ(peek_wait(child.pid(), WSTOPPED | WNOHANG), kNothing);
  child.seize(Interface::kListen);
  ASSERT_FALSE(child.try_request(PTRACE_INTERRUPT));
  EXPECT_EQ(peek_wait(child.pid(), WSTOPPED), stop_trap(SIGTRAP));
  EXPECT_EQ(peek_wait(child.pid(), WSTOPPED), stop_trap(SIGTRAP));
  EXPECT_EQ(wait_for(child.pid(), 0), stop_trap(SIGTRAP));
  EXPECT_EQ(peek_wait(::getpid(), WSTOPPED), kNoTracee);
}

TEST(Wait, PeekTellsAStopWithoutTracerAndADeath) {
  const Tracee stopped = Tracee::spawn(sleep_in_pause);
  ASSERT_FALSE(stopped.try_kill(SIGSTOP));
  EXPECT_EQ(peek_wait(stopped.pid(), WSTOPPED), signal_stop(SIGSTOP));
  const Tracee exits = Tracee::spawn([] { ::_exit(7); });
  EXPECT_EQ(peek_wait(exits.pid(), WEXITED), exited(7));
  const Tracee killed = Tracee::spawn(sleep_in_pause);
  ASSERT_FALSE(killed.try_kill(SIGKILL));
  EXPECT_EQ(peek_wait(killed.pid(), WEXITED), killed_by(SIGKILL));
}

TEST(Wait, KillAndReapLeavesNoZombie) {
  const Tracee child = Tracee::spawn(sleep_in_pause);
  kill_and_reap(child.pid());
  EXPECT_EQ(wait_for(child.pid(), WNOHANG), kNoTracee);
}

// It stops once more on its way, and would stay there.
TEST(Wait, ReapKilledResumesFromTheExitStop) {
  const Tracee child = Tracee::spawn(sleep_in_pause);
  child.seize(Interface::kListen, PTRACE_O_TRACEEXIT);
  EXPECT_FALSE(reap_killed(child.pid()));
  ASSERT_FALSE(child.try_kill(SIGKILL));
  ASSERT_EQ(peek_wait(child.pid(), WSTOPPED), event_stop(PTRACE_EVENT_EXIT));
  for (Patience patience(child.pid()); !reap_killed(child.pid());)
    ASSERT_TRUE(patience.lasts());
}

}  // namespace
}  // namespace retrap
