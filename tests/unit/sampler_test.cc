// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/sampler.h"

#include <gtest/gtest.h>

#include "core/measure/clock_floor.h"
#include "core/measure/exactness.h"

namespace retrap {
namespace {

// Advances by `step` at each reading; the body may add to it.
struct FakeClock {
  static inline std::uint64_t time = 0;
  static inline std::uint64_t step = 0;
  static std::uint64_t now() noexcept { return time += step; }
};

TEST(TimeOnce, ReadsTheClockJustAroundTheCall) {
  FakeClock::time = 1000;
  FakeClock::step = 3;
  const Sample sample = time_once<FakeClock>([]() noexcept {
    FakeClock::time += 40;
    return WaitStatus(0x80057f);
  });
  EXPECT_EQ(sample.t_trigger_ns, 1003U);
  EXPECT_EQ(sample.t_return_ns, 1046U);
  EXPECT_EQ(sample.wait_status, WaitStatus(0x80057f));
  EXPECT_EQ(sample.outcome, Outcome::kOk);
}

TEST(ClockFloor, IsOneStepOfAClockThatSteps) {
  FakeClock::step = 7;
  const ClockFloor floor = measure_clock_floor<FakeClock>();
  EXPECT_EQ(floor.min, 7U);
  EXPECT_EQ(floor.median, 7U);
}

TEST(Exactness, IsRefusedToAClockThatDoesNotCountInstructions) {
  FakeClock::step = 5;
  EXPECT_FALSE(measure_exactness<FakeClock>().exact());
}

TEST(Exactness, AsksForOneNanosecondANopAtTwoLengths) {
  EXPECT_TRUE((Exactness{.once = 1020, .twice = 2020, .thrice = 3020}).exact());
  EXPECT_FALSE(
      (Exactness{.once = 1020, .twice = 2021, .thrice = 3021}).exact());
  EXPECT_FALSE(
      (Exactness{.once = 1020, .twice = 2020, .thrice = 3019}).exact());
}

}  // namespace
}  // namespace retrap
