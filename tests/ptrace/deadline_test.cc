// SPDX-License-Identifier: GPL-2.0-only
// A run that hangs ends at its deadline, and says so.
#include <gtest/gtest.h>

#include "cells.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/watchdog.h"
#include "harness.h"
#include "scenarios/trap_interrupt.h"

namespace retrap {
namespace {

using std::chrono_literals::operator""ms;

// Waits for a stop that nobody causes.
class NoTrigger : public TrapInterrupt {
 public:
  using TrapInterrupt::TrapInterrupt;
  int fire() noexcept { return steps().wait(); }
};

TEST(Watchdog, WakesTheTracerByTheDeathOfTheTracee) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  const Watchdog watchdog(tracee.pid(), 50ms);
  EXPECT_EQ(tracee.wait(), SIGKILL);
  EXPECT_TRUE(watchdog.expired());
}

TEST(Watchdog, LeavesTheTraceeAloneWhenItEndsBefore) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  {
    const Watchdog watchdog(tracee.pid(), 100ms);
    EXPECT_FALSE(watchdog.expired());
  }
  EXPECT_EQ(tracee.wait_within(200ms), std::nullopt);
}

TEST(Deadline, IsTheOutcomeOfTheSampleItEnds) {
  CellOf<NoTrigger> cell(same_cpu_cell());
  SampleBuffer samples(10);
  const Watchdog watchdog(cell.partner(), 100ms);
  retrap::Run run{cell, samples, &watchdog, nullptr, 1, 0};
  Options options;
  options.samples = 10;
  options.argv = {"retrap-ptrace-tests"};
  run_benchmark("deadline", options, std::nullopt, run);
  ASSERT_EQ(samples.samples().size(), 1U);
  EXPECT_EQ(samples.samples()[0].outcome, Outcome::kDeadline);
  EXPECT_EQ(samples.samples()[0].wait_status, SIGKILL);
  EXPECT_NE(run.stop_reason.find("deadline"), std::string::npos);
}

}  // namespace
}  // namespace retrap
