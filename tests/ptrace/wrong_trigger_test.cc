// SPDX-License-Identifier: GPL-2.0-only
// A sample that is not what its scenario says is caught, for each scenario.
#include <gtest/gtest.h>

#include "cells.h"
#include "scenarios/floor_futex.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/retrap_interrupt.h"
#include "scenarios/retrap_sigcont.h"
#include "scenarios/trap_interrupt.h"
#include "scenarios/trap_sigstop.h"

namespace retrap {
namespace {

// The scenario with a signal in place of its trigger.
template <typename Scenario, int kSignal>
class Triggered : public Scenario {
 public:
  using Scenario::Scenario;
  WaitStatus fire() noexcept {
    return this->steps().kill(kSignal) ? this->steps().wait() : kCallFailed;
  }
};

template <typename Scenario>
Sample sample_of() {
  return CellOf<Scenario>(same_cpu_cell()).sample(0);
}

TEST(WrongTrigger, OfTrapInterruptIsCaught) {
  const Sample sample = sample_of<Triggered<TrapInterrupt, SIGUSR1>>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, signal_stop(SIGUSR1));
  EXPECT_NE(sample.t_return_ns, kNeverReturned);
}

TEST(WrongTrigger, OfTrapSigstopIsCaught) {
  const Sample sample = sample_of<Triggered<TrapSigstop, SIGTSTP>>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, signal_stop(SIGTSTP));
}

TEST(WrongTrigger, OfRetrapSigcontIsCaught) {
  const Sample sample = sample_of<Triggered<RetrapSigcont, SIGKILL>>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, killed_by(SIGKILL));
}

// SIGCONT re-traps as well, but with another state.
TEST(WrongTrigger, OfRetrapInterruptIsCaught) {
  const Sample sample = sample_of<Triggered<RetrapInterrupt, SIGCONT>>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_EQ(sample.wait_status, stop_trap(SIGTRAP));
}

// The first stop of the two that trap/trigger:sigstop times.
TEST(WrongTrigger, OnTheWayToTheGroupStopIsCaught) {
  class Early : public TrapSigstop {
   public:
    using TrapSigstop::TrapSigstop;
    WaitStatus fire() noexcept {
      return steps().interrupt() ? TrapSigstop::fire() : kCallFailed;
    }
  };
  const Sample sample = sample_of<Early>();
  EXPECT_EQ(sample.outcome, Outcome::kUnexpectedStop);
  EXPECT_NE(sample.wait_status, signal_stop(SIGSTOP));
}

// A signal that nobody sent for: between two samples, from outside.
template <typename Scenario>
void expect_stranger_is_caught() {
  CellOf<Scenario> cell(same_cpu_cell());
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGUSR1), 0);
  const Sample sample = cell.sample(0);
  EXPECT_EQ(sample.outcome, Outcome::kStartNotReached);
  EXPECT_EQ(sample.t_return_ns, kNeverReturned);
}

TEST(Stranger, IsCaughtByTrapInterrupt) {
  expect_stranger_is_caught<TrapInterrupt>();
}
TEST(Stranger, IsCaughtByTrapSigstop) {
  expect_stranger_is_caught<TrapSigstop>();
}
TEST(Stranger, IsCaughtByRetrapSigcont) {
  expect_stranger_is_caught<RetrapSigcont>();
}

template <typename Scenario>
void expect_death_is_caught() {
  CellOf<Scenario> cell(same_cpu_cell());
  ASSERT_EQ(cell.sample(0).outcome, Outcome::kOk);
  ASSERT_EQ(::kill(cell.partner(), SIGKILL), 0);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk);
  EXPECT_NE(cell.sample(0).outcome, Outcome::kOk) << "a cell cannot recover";
}

TEST(Death, IsCaughtByFloorPipe) { expect_death_is_caught<FloorPipe>(); }
TEST(Death, IsCaughtByFloorFutex) { expect_death_is_caught<FloorFutex>(); }
TEST(Death, IsCaughtByTrapInterrupt) {
  expect_death_is_caught<TrapInterrupt>();
}
TEST(Death, IsCaughtByTrapSigstop) { expect_death_is_caught<TrapSigstop>(); }
TEST(Death, IsCaughtByRetrapSigcont) {
  expect_death_is_caught<RetrapSigcont>();
}
TEST(Death, IsCaughtByRetrapInterrupt) {
  expect_death_is_caught<RetrapInterrupt>();
}

}  // namespace
}  // namespace retrap
