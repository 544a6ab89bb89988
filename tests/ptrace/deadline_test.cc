// SPDX-License-Identifier: GPL-2.0-only
// A run that hangs ends at its deadline, and says so.
#include <gmock/gmock.h>

#include <chrono>
#include <stdexcept>
#include <thread>

#include "book/requests.h"
#include "cells.h"
#include "core/ptrace/hang_guard.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/watchdog.h"
#include "harness.h"
#include "sampling.h"
#include "scenarios/registry.h"
#include "scenarios/trap_interrupt.h"

namespace retrap {
namespace {

using std::chrono_literals::operator""ms;
using std::chrono_literals::operator""s;
using testing::HasSubstr;

// Waits for a stop that nobody causes.
class NoTrigger : public TrapInterrupt {
 public:
  using TrapInterrupt::TrapInterrupt;
  WaitStatus fire() noexcept { return steps().wait(); }
};

TEST(Watchdog, WakesTheTracerByTheDeathOfTheTracee) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  const Watchdog watchdog(tracee.pid(), 50ms);
  EXPECT_EQ(conform::wait_asleep(tracee.pid()), killed_by(SIGKILL));
  EXPECT_TRUE(watchdog.expired());
}

// Three seconds of work, or of a tracee that gets no CPU, are no standstill.
TEST(HangGuard, LetsATracerWork) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  HangGuard guard(1000ms);
  guard.watch(tracee.pid());
  const std::uint64_t end = RawClock::now() + 3'000'000'000;
  while (RawClock::now() < end) {
  }
  ASSERT_EQ(conform::interrupt(tracee.pid()), conform::kOk);
  EXPECT_EQ(conform::wait_asleep(tracee.pid()), stop_trap(SIGTRAP));
  EXPECT_FALSE(guard.let_go(tracee.pid()));
}

// One guard for one tracee after the other.
TEST(HangGuard, WakesATracerThatWaitsForNothing) {
  HangGuard guard(1000ms);
  for (int turn = 0; turn < 2; ++turn) {
    const Tracee tracee = Tracee::spawn(sleep_in_pause);
    tracee.seize(Interface::kListen);
    guard.watch(tracee.pid());
    EXPECT_EQ(conform::wait_asleep(tracee.pid()), killed_by(SIGKILL));
    EXPECT_TRUE(guard.let_go(tracee.pid()));
  }
}

TEST(HangGuard, KillsNoneThatWasLetGo) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  HangGuard guard(1000ms);
  guard.watch(tracee.pid());
  EXPECT_FALSE(guard.let_go(tracee.pid()));
  std::this_thread::sleep_for(2500ms);
  EXPECT_EQ(conform::wait_at_once(tracee.pid()), kNothing);
}

TEST(HangGuard, HasRoomForSoManyTracees) {
  HangGuard guard(60s);
  for (std::size_t i = 0; i < HangGuard::kMostTracees; ++i) guard.watch(1);
  EXPECT_THROW(guard.watch(1), std::length_error);
}

TEST(Watchdog, LeavesTheTraceeAloneWhenItEndsBefore) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  {
    const Watchdog watchdog(tracee.pid(), 60s);
    EXPECT_FALSE(watchdog.expired());
  }
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(conform::wait_at_once(tracee.pid()), kNothing);
}

TEST(Deadline, IsTheOutcomeOfTheSampleItEnds) {
  CellOf<NoTrigger> cell(same_cpu_cell());
  SampleBuffer samples(10);
  const Watchdog watchdog(cell.partner(), 2s);
  retrap::Run run{cell, samples, &watchdog, nullptr, 1, 0};
  const Benchmark hangs{{find_scenario("trap/trigger:interrupt")},
                        [&](benchmark::State& state) {
                          take_samples(state, run);
                          return counters_of(samples, false);
                        }};
  run_benchmarks({&hangs, 1}, 10, {}, std::nullopt);
  ASSERT_EQ(samples.samples().size(), 1U);
  EXPECT_EQ(samples.samples()[0].outcome, Outcome::kDeadline);
  EXPECT_EQ(samples.samples()[0].wait_status, killed_by(SIGKILL));
  EXPECT_TRUE(run.cut);
  EXPECT_THAT(run.stop_reason, HasSubstr("longer than --deadline 2 s"));
}

}  // namespace
}  // namespace retrap
