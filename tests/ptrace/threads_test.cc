// SPDX-License-Identifier: GPL-2.0-only
// threads/..., storm/..., parent/...: a sample that is not what its scenario
// says is caught, and nothing is left behind.
#include <gtest/gtest.h>

#include <csignal>

#include "cells.h"
#include "core/ptrace/wait.h"
#include "scenarios/parent_view.h"
#include "scenarios/storm_report.h"
#include "scenarios/storm_request.h"
#include "scenarios/threads_sigcont.h"
#include "scenarios/threads_sigstop.h"

namespace retrap {
namespace {

template <typename Scenario>
void expect_death_is_caught(std::vector<int> arguments) {
  {
    CellOf<Scenario> cell(same_cpu_cell(std::move(arguments)));
    ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
    ASSERT_EQ(::kill(cell.partner(), SIGKILL), 0);
    EXPECT_NE(cell.sample(0).outcome, Outcome::kOk);
  }
  EXPECT_EQ(wait_for(-1, WNOHANG | __WALL), kNoTracee) << "a child is left";
}

TEST(Threads, DeathIsCaughtBySigstop) {
  expect_death_is_caught<ThreadsSigstop>({8});
}
TEST(Threads, DeathIsCaughtBySigcont) {
  expect_death_is_caught<ThreadsSigcont>({3, 5});
}
TEST(Threads, DeathIsCaughtByStormRequest) {
  expect_death_is_caught<StormRequest>({0, 10});
}
TEST(Threads, DeathIsCaughtByStormReport) {
  expect_death_is_caught<StormReport>({0, 10});
}
TEST(Threads, DeathIsCaughtByTheParent) {
  expect_death_is_caught<ParentView<News::kSignal, Wants::kReports>>({});
}

// Of the threads that the tracer has left, none reports before it is resumed.
TEST(Threads, OnlyTheArmedReport) {
  class Looking : public ThreadsSigcont {
   public:
    using ThreadsSigcont::ThreadsSigcont;
    WaitStatus fire() noexcept {
      const WaitStatus status = ThreadsSigcont::fire();
      others() = wait_for(-1, WNOHANG | __WALL);
      return status;
    }
    static WaitStatus& others() noexcept {
      static WaitStatus status{};
      return status;
    }
  };
  CellOf<Looking> cell(same_cpu_cell({2, 6}));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  EXPECT_EQ(Looking::others(), kNothing);
  EXPECT_EQ(cell.readings().back(), 2U);
}

// One thread too few in the group-stop: it was resumed by a stranger.
TEST(Threads, AnotherStatusOfOneThreadIsCaught) {
  class Interrupted : public ThreadsSigstop {
   public:
    using ThreadsSigstop::ThreadsSigstop;
    WaitStatus fire() noexcept {
      return steps().interrupt() ? ThreadsSigstop::fire() : kCallFailed;
    }
  };
  CellOf<Interrupted> cell(same_cpu_cell({8}));
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, stop_trap(SIGTRAP));
}

// All flips of a slow storm come one by one, and each has a report.
TEST(Threads, EveryFlipOfASlowStormIsReported) {
  CellOf<StormReport> cell(same_cpu_cell({1, 5}));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  EXPECT_GE(cell.readings().back(), 1U);
  EXPECT_LE(cell.readings().back(), 5U);
}

TEST(Threads, SignalOfAnotherEventIsNotTheParents) {
  class Killed : public ParentView<News::kSignal, Wants::kReports> {
   public:
    using ParentView::ParentView;
    WaitStatus fire() noexcept {
      return steps().kill(SIGKILL) ? ParentView::fire() : kCallFailed;
    }
  };
  CellOf<Killed> cell(same_cpu_cell());
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk);
}

}  // namespace
}  // namespace retrap
