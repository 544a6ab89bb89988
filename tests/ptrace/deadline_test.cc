// SPDX-License-Identifier: GPL-2.0-only
// A run that hangs ends at its deadline, and says so.
#include <gmock/gmock.h>

#include "cells.h"
#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "core/ptrace/watchdog.h"
#include "harness.h"
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
  int fire() noexcept { return steps().wait(); }
};

TEST(Watchdog, WakesTheTracerByTheDeathOfTheTracee) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  const Watchdog watchdog(tracee.pid(), 50ms);
  EXPECT_EQ(tracee.wait(), SIGKILL);
  EXPECT_TRUE(watchdog.expired());
}

// Three seconds of work, or of a tracee that gets no CPU, are no standstill.
TEST(Watchdog, OfAStandstillLetsATracerWork) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  const Watchdog watchdog(tracee.pid(), 1000ms, Watchdog::Of::kStandstill);
  const std::uint64_t end = RawClock::now() + 3'000'000'000;
  while (RawClock::now() < end) {
  }
  EXPECT_FALSE(watchdog.expired());
  tracee.interrupt();
  EXPECT_EQ(tracee.wait(), stop_status(SIGTRAP));
}

TEST(Watchdog, OfAStandstillWakesATracerThatWaitsForNothing) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  const Watchdog watchdog(tracee.pid(), 1000ms, Watchdog::Of::kStandstill);
  EXPECT_EQ(tracee.wait(), SIGKILL);
  EXPECT_TRUE(watchdog.expired());
}

TEST(Watchdog, LeavesTheTraceeAloneWhenItEndsBefore) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  tracee.seize(Interface::kListen);
  {
    const Watchdog watchdog(tracee.pid(), 60s);
    EXPECT_FALSE(watchdog.expired());
  }
  EXPECT_EQ(tracee.wait_within(20ms), std::nullopt);
}

TEST(Deadline, IsTheOutcomeOfTheSampleItEnds) {
  CellOf<NoTrigger> cell(same_cpu_cell());
  SampleBuffer samples(10);
  const Watchdog watchdog(cell.partner(), 2s);
  retrap::Run run{cell, samples, &watchdog, nullptr, 1, 0};
  Options options;
  options.samples = 10;
  options.argv = {"retrap-ptrace-tests"};
  run_benchmark("deadline", options, std::nullopt, run);
  ASSERT_EQ(samples.samples().size(), 1U);
  EXPECT_EQ(samples.samples()[0].outcome, Outcome::kDeadline);
  EXPECT_EQ(samples.samples()[0].wait_status, SIGKILL);
  EXPECT_TRUE(run.cut);
  EXPECT_THAT(run.stop_reason, HasSubstr("longer than --deadline 2 s"));
}

}  // namespace
}  // namespace retrap
