// SPDX-License-Identifier: GPL-2.0-only
// tracer/...: the start states are what they are called, and a sample that is
// not what its scenario says is caught.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <set>
#include <thread>

#include "cells.h"
#include "core/ptrace/wait.h"
#include "scenarios/tracer_attach.h"
#include "scenarios/tracer_interrupt_busy.h"
#include "scenarios/tracer_interrupt_call.h"
#include "scenarios/tracer_interrupt_vfork.h"
#include "scenarios/tracer_request.h"
#include "scenarios/tracer_resume.h"
#include "scenarios/tracer_stop.h"

namespace retrap {
namespace {

using namespace std::chrono_literals;

template <Doing kDoing, Tasks kTasks>
using StopAtOnce = TracerStop<Attach::kSeize, Order::kAtOnce, kDoing, kTasks>;
using StopThreads = StopAtOnce<Doing::kAsleep, Tasks::kThreads>;
using StopBusyThreads = StopAtOnce<Doing::kBusy, Tasks::kThreads>;
using StopProcesses = StopAtOnce<Doing::kAsleep, Tasks::kProcesses>;

// Of a tracee that does not come to where a stop is reported.
bool stays_silent(pid_t pid) {
  std::this_thread::sleep_for(20ms);
  return peek_wait(pid, WSTOPPED | WEXITED | WNOHANG | __WALL) == kNothing;
}

TEST(TracerInterrupt, IsReportedWhenTheChildOfVforkEnds) {
  InterruptVfork scenario(same_cpu_cell());
  ASSERT_TRUE(scenario.arm()) << describe(scenario.steps().failure());
  ASSERT_TRUE(scenario.steps().interrupt());
  EXPECT_TRUE(stays_silent(scenario.steps().pid()));
  EXPECT_EQ(scenario.fire(), stop_trap(SIGTRAP));
}

// A second call would be two more edges.
TEST(TracerInterrupt, IsReportedAtTheEndOfALongCall) {
  InterruptLongCall scenario(same_cpu_cell({65536}));
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(scenario.arm()) << describe(scenario.steps().failure());
    const std::uint32_t edges = scenario.edges();
    EXPECT_EQ(edges % 2, 1U);
    ASSERT_EQ(scenario.fire(), stop_trap(SIGTRAP));
    EXPECT_EQ(scenario.edges(), edges);
  }
}

TEST(TracerInterrupt, FindsABusyLoopRunning) {
  InterruptBusy scenario(same_cpu_cell());
  for (int i = 0; i < 5; ++i) {
    ASSERT_TRUE(scenario.arm()) << describe(scenario.steps().failure());
    std::this_thread::sleep_for(5ms);
    EXPECT_EQ(TaskState(scenario.steps().pid()).letter(), 'R');
    ASSERT_EQ(scenario.fire(), stop_trap(SIGTRAP));
  }
}

// Else it would be one stop and N - 1 looks at the same task.
TEST(TracerStop, IsOfSoManyTasks) {
  for (const Tasks tasks : {Tasks::kThreads, Tasks::kProcesses}) {
    const Crowd crowd(7, tasks, Doing::kAsleep, same_cpu_cell().ends);
    const std::set<pid_t> tids(crowd.tids().begin(), crowd.tids().end());
    EXPECT_EQ(tids.size(), 7U);
  }
}

// After a sample nobody is traced or stopped.
TEST(TracerStop, LetsAllGo) {
  StopThreads scenario(same_cpu_cell({7}));
  ASSERT_TRUE(scenario.arm());
  ASSERT_EQ(scenario.fire(), stop_trap(SIGTRAP));
  EXPECT_TRUE(scenario.arm()) << describe(scenario.steps().failure());
  Steps again(scenario.steps().pid());
  EXPECT_TRUE(again.seize()) << describe(again.failure());
}

TEST(TracerStop, StagesAreInOrder) {
  CellOf<StopThreads> cell(same_cpu_cell({7}));
  const Sample sample = cell.sample(0);
  ASSERT_EQ(sample.outcome, Outcome::kOk);
  ASSERT_EQ(cell.readings().size(), 2U);
  EXPECT_LT(sample.t_trigger_ns, cell.readings()[0]);
  EXPECT_LT(cell.readings()[0], cell.readings()[1]);
  EXPECT_LT(cell.readings()[1], sample.t_return_ns);
}

// The tracees of a sample that failed half-way end with the cell: who is traced
// keeps its process from being reaped.
TEST(TracerStop, EndsWithTraceesThatAreStillStopped) {
  for (int i = 0; i < 3; ++i) {
    Crowd crowd(7, Tasks::kThreads, Doing::kAsleep, same_cpu_cell().ends);
    for (const pid_t tid : crowd.tids()) {
      Steps task(tid);
      ASSERT_TRUE(task.seize() && task.interrupt() &&
                  task.wait_for(stop_trap(SIGTRAP)));
    }
  }
  EXPECT_EQ(wait_for(-1, WNOHANG | __WALL), kNoTracee);
}

TEST(TracerRequest, OfAnotherValueIsCaught) {
  CellOf<TracerRequest<Request::kPeekdata>> cell(same_cpu_cell());
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  const std::uint64_t before = read_of_tracee;
  read_of_tracee = before + 1;  // of the tracer's copy
  const Sample sample = cell.sample(0);
  read_of_tracee = before;
  EXPECT_EQ(sample.outcome, Outcome::kStartNotReached);
  EXPECT_EQ(describe(cell.failure()), "the request read something else");
}

TEST(TracerAttach, OfATaskThatWasContinuedIsCaught) {
  CellOf<SeizeStopped> cell(same_cpu_cell());
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGCONT), 0);
  EXPECT_EQ(cell.sample(0).outcome, Outcome::kStartNotReached);
  EXPECT_EQ(describe(cell.failure()), "the task is not in a group-stop");
}

TEST(TracerResume, SignalInsteadOfABreakpointIsCaught) {
  CellOf<TracerResume<Resume::kBreakpoint>> cell(same_cpu_cell());
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGUSR1), 0);
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, signal_stop(SIGUSR1));
}

template <typename Scenario>
void expect_death_is_caught(std::vector<int> arguments = {}) {
  CellOf<Scenario> cell(same_cpu_cell(std::move(arguments)));
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGKILL), 0);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk) << "a cell cannot recover";
}

TEST(TracerDeath, IsCaughtByStop) {
  expect_death_is_caught<StopThreads>({3});
  expect_death_is_caught<StopBusyThreads>({3});
  expect_death_is_caught<StopProcesses>({3});
}
TEST(TracerDeath, IsCaughtByInterrupt) {
  expect_death_is_caught<InterruptBusy>();
  expect_death_is_caught<InterruptLongCall>({64});
  expect_death_is_caught<InterruptVfork>();
}
TEST(TracerDeath, IsCaughtByAttach) {
  expect_death_is_caught<AttachAsleep>();
  expect_death_is_caught<SeizeAsleep>();
  expect_death_is_caught<SeizeStopped>();
  expect_death_is_caught<Detach>();
  expect_death_is_caught<AttachAgain<Attach::kAttach>>();
  expect_death_is_caught<AttachAgain<Attach::kSeize>>();
}
TEST(TracerDeath, IsCaughtByRequest) {
  expect_death_is_caught<TracerRequest<Request::kGetregset>>();
}
TEST(TracerDeath, IsCaughtByResume) {
  expect_death_is_caught<TracerResume<Resume::kBreakpoint>>();
  expect_death_is_caught<TracerResume<Resume::kSinglestep>>();
}

}  // namespace
}  // namespace retrap
