// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/patience.h"

#include <gtest/gtest.h>
#include <unistd.h>

namespace retrap {
namespace {

using std::chrono_literals::operator""ms;

constexpr Progress starved(std::chrono::milliseconds ran) {
  return {.runnable = true, .ran = ran};
}
constexpr Progress idle(std::chrono::milliseconds ran) {
  return {.runnable = false, .ran = ran};
}

// However long: its CPU has others to run.
TEST(Patience, LastsWhileTheOtherWaitsForACpu) {
  Patience patience(::getpid());
  for (int look = 0; look < 1000; ++look)
    EXPECT_TRUE(patience.lasts_after(starved(7ms)));
}

TEST(Patience, LastsWhileTheOtherGetsLittle) {
  Patience patience(::getpid());
  for (auto ran = 3000ms; ran < 3500ms; ran += 10ms)
    EXPECT_TRUE(patience.lasts_after(starved(ran)));
  EXPECT_FALSE(patience.saw_it_run());
}

TEST(Patience, EndsWhenTheOtherHasRunHalfASecond) {
  Patience patience(::getpid());
  EXPECT_TRUE(patience.lasts_after(starved(3000ms)));
  EXPECT_TRUE(patience.lasts_after(starved(3490ms)));
  EXPECT_FALSE(patience.lasts_after(starved(3500ms)));
  EXPECT_TRUE(patience.saw_it_run());
}

TEST(Patience, EndsWhenTwoLooksFindTheOtherIdle) {
  Patience patience(::getpid());
  EXPECT_TRUE(patience.lasts_after(idle(7ms)));
  EXPECT_FALSE(patience.lasts_after(idle(7ms)));
  EXPECT_FALSE(patience.saw_it_run());
}

TEST(Patience, LastsWhenTheOtherWasWokenBetweenTwoLooks) {
  Patience patience(::getpid());
  EXPECT_TRUE(patience.lasts_after(idle(7ms)));
  EXPECT_TRUE(patience.lasts_after(starved(7ms)));
  EXPECT_TRUE(patience.lasts_after(idle(8ms)));
  EXPECT_FALSE(patience.lasts_after(idle(8ms)));
}

TEST(Progress, OfThisProcessIsRunnable) {
  EXPECT_TRUE(Progress::of(::getpid()).runnable);
}

TEST(Progress, OfNoProcessIsNone) {
  const Progress none = Progress::of(0x7fffffff);
  EXPECT_FALSE(none.runnable);
  EXPECT_EQ(none.ran, 0ms);
}

}  // namespace
}  // namespace retrap
