// SPDX-License-Identifier: GPL-2.0-only
// A busy machine is not a broken kernel.
#include "core/ptrace/patience.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <ctime>

#include "cells.h"
#include "core/ptrace/tracee.h"

namespace retrap {
namespace {

using std::chrono_literals::operator""ms;

void spin_for_ever() {
  for (;;) asm volatile("");
}

// Of the thread's own time: seconds when others have the CPU.
void spin_for_20_ms_then_sleep() {
  timespec ran{};
  while (ran.tv_sec == 0 && ran.tv_nsec < 20'000'000)
    (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ran);
  sleep_in_pause();
}

// Its CPU goes to whoever else is runnable there.
void yields_to_all(const Tracee& tracee) {
  const sched_param none{};
  ASSERT_EQ(::sched_setscheduler(tracee.pid(), SCHED_IDLE, &none), 0);
}

TEST(Starved, TraceeIsWaitedFor) {
  const auto cpus = allowed_cpus();
  const int cpu = cpus.back();
  pin_to_cpu(cpus.front());
  std::vector<Tracee> others;
  others.reserve(3);
  for (int i = 0; i < 3; ++i)
    others.push_back(Tracee::spawn(spin_for_ever, cpu));
  const Tracee tracee = Tracee::spawn(spin_for_20_ms_then_sleep);
  ASSERT_NO_FATAL_FAILURE(yields_to_all(tracee));
  pin_to_cpu(cpu, tracee.pid());
  Steps steps(tracee.pid(), cpus.size() == 1);
  const std::uint64_t before = RawClock::now();
  EXPECT_TRUE(steps.asleep_in(kPauseSyscall)) << steps.failure().what;
  RecordProperty("waited_ms",
                 std::to_string((RawClock::now() - before) / 1'000'000));
}

TEST(Progress, OfASpinnerGrows) {
  const Tracee tracee = Tracee::spawn(spin_for_ever);
  while (Progress::of(tracee.pid()).ran < 20ms) (void)::sched_yield();
  EXPECT_TRUE(Progress::of(tracee.pid()).runnable);
}

TEST(Progress, OfASleeperIsNotRunnable) {
  const Tracee tracee = Tracee::spawn(sleep_in_pause);
  Steps steps(tracee.pid(), false);
  ASSERT_TRUE(steps.asleep_in(kPauseSyscall));
  EXPECT_FALSE(Progress::of(tracee.pid()).runnable);
}

}  // namespace
}  // namespace retrap
