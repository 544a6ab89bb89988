// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/...: a sample that is not what its scenario says is caught.
#include <gtest/gtest.h>

#include <csignal>

#include "cells.h"
#include "core/ptrace/wait.h"
#include "scenarios/elsewhere_fork.h"
#include "scenarios/elsewhere_jobctl.h"
#include "scenarios/elsewhere_signal.h"
#include "scenarios/elsewhere_syscall_stop.h"
#include "scenarios/elsewhere_wait.h"

namespace retrap {
namespace {

using SeizedSyscallStop = SyscallStop<Attach::kSeize>;
using AttachedSyscallStop = SyscallStop<Attach::kAttach>;

template <typename Scenario>
Sample sample_of(std::vector<int> arguments = {}) {
  return CellOf<Scenario>(same_cpu_cell(std::move(arguments))).sample(0);
}

TEST(Elsewhere, SignalThatIsBlockedIsCaught) {
  sigset_t usr1;
  sigset_t before;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  const auto config = same_cpu_cell();
  ASSERT_EQ(::sigprocmask(SIG_BLOCK, &usr1, &before), 0);
  const Sample sample = CellOf<SignalSelf>(config).sample(0);
  (void)std::signal(SIGUSR1, SIG_IGN);  // drops the pending one
  ASSERT_EQ(::sigprocmask(SIG_SETMASK, &before, nullptr), 0);
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, WaitStatus());
}

TEST(Elsewhere, ChildThatIsKilledIsCaught) {
  struct Dies {
    [[noreturn]] void operator()() const noexcept {
      (void)::kill(::getpid(), SIGKILL);
      ::_exit(kNopExit);
    }
  };
  for (const Sample& sample :
       {sample_of<ForkWait<Dies>>(), sample_of<VforkWait<Dies>>()}) {
    EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
    EXPECT_EQ(sample.wait_status, killed_by(SIGKILL));
  }
}

TEST(Elsewhere, ExecThatFailsIsCaught) {
  struct NoProgram {
    [[noreturn]] void operator()() const noexcept {
      (void)::syscall(SYS_execveat, -1, "", nullptr, nullptr, AT_EMPTY_PATH);
      ::_exit(127);
    }
  };
  for (const Sample& sample :
       {sample_of<ForkWait<NoProgram>>(), sample_of<VforkWait<NoProgram>>()}) {
    EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
    EXPECT_EQ(sample.wait_status, exited(127));
  }
}

TEST(Elsewhere, ScanThatFindsAChildIsCaught) {
  CellOf<WaitNohang<>> cell(same_cpu_cell({10}));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_TRUE(cell.settle());
  ASSERT_EQ(::kill(cell.partner(), SIGKILL), 0);
  ASSERT_EQ(peek_wait(cell.partner(), WEXITED), killed_by(SIGKILL));
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, killed_by(SIGKILL));
}

// The stranger is the eldest: a scan meets it first, stopped youngest or not.
TEST(Elsewhere, NewsOfAnotherChildAreCaught) {
  const Tracee stranger = Tracee::spawn(sleep_in_pause);
  CellOf<WaitBlocking<>> cell(same_cpu_cell({2}));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_TRUE(cell.settle());
  ASSERT_EQ(::kill(stranger.pid(), SIGKILL), 0);
  ASSERT_EQ(peek_wait(stranger.pid(), WEXITED), killed_by(SIGKILL));
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(describe(cell.failure()), "wait4 found another child");
}

TEST(Elsewhere, JobThatDiesInsteadOfStoppingIsCaught) {
  class Killed : public Jobctl {
   public:
    using Jobctl::Jobctl;
    WaitStatus fire() noexcept {
      return steps().kill(SIGKILL) ? Jobctl::fire() : kCallFailed;
    }
  };
  const Sample sample = sample_of<Killed>({8});
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, killed_by(SIGKILL));
}

TEST(Elsewhere, JobThatIsStoppedBeforeIsCaught) {
  CellOf<Jobctl> cell(same_cpu_cell({8}));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGSTOP), 0);
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kStartNotReached);
}

// A signal is delivered before the next system call.
TEST(Elsewhere, SignalInsteadOfASyscallStopIsCaught) {
  class Signalled : public SeizedSyscallStop {
   public:
    using SyscallStop::SyscallStop;
    bool arm() noexcept { return SyscallStop::arm() && steps().kill(SIGUSR1); }
  };
  const Sample sample = sample_of<Signalled>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, signal_stop(SIGUSR1));
}

// After an odd number of stops all statuses are right and the cycle is another.
TEST(Elsewhere, EntryInPlaceOfAnExitIsCaught) {
  const Tracee tracee = Tracee::spawn([] {
    for (;;) (void)::syscall(SYS_getppid);
  });
  tracee.seize(Interface::kListen, PTRACE_O_TRACESYSGOOD);
  Steps steps(tracee.pid(), false);
  ASSERT_TRUE(steps.interrupt() && steps.wait_for(stop_trap(SIGTRAP)));
  ASSERT_TRUE(steps.resume_to_syscall() && steps.wait_for(kSyscallStop));
  EXPECT_FALSE(steps.at_syscall_exit());
  EXPECT_EQ(steps.failure().outcome, Outcome::kStartNotReached);
}

template <typename Scenario>
void expect_death_is_caught(std::vector<int> arguments = {}) {
  CellOf<Scenario> cell(same_cpu_cell(std::move(arguments)));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGKILL), 0);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk) << "a cell cannot recover";
}

TEST(Elsewhere, DeathIsCaughtByWaitNohang) {
  expect_death_is_caught<WaitNohang<>>({2});
}
TEST(Elsewhere, DeathIsCaughtByWaitBlocking) {
  expect_death_is_caught<WaitBlocking<>>({2});
}
TEST(Elsewhere, DeathIsCaughtByJobctl) { expect_death_is_caught<Jobctl>({8}); }
TEST(Elsewhere, DeathIsCaughtByAttachedSyscallStop) {
  expect_death_is_caught<AttachedSyscallStop>();
}
TEST(Elsewhere, DeathIsCaughtBySeizedSyscallStop) {
  expect_death_is_caught<SeizedSyscallStop>();
}

}  // namespace
}  // namespace retrap
