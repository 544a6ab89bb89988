// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/phase.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

namespace retrap {
namespace {

std::vector<std::uint32_t> delays(std::uint64_t seed, std::size_t count) {
  Phase phase(seed);
  std::vector<std::uint32_t> turns(count);
  std::ranges::generate(turns, [&] { return phase.next(); });
  return turns;
}

TEST(Splitmix64, GivesThePublishedNumbers) {
  std::uint64_t state = 1234567;  // test vector of rosettacode.org
  EXPECT_EQ(splitmix64(state), 6457827717110365317U);
  EXPECT_EQ(splitmix64(state), 3203168211198807973U);
  EXPECT_EQ(splitmix64(state), 9817491932198370423U);
}

TEST(Phase, IsTheSameForASeedAndNotForAnother) {
  EXPECT_EQ(delays(1, 100), delays(1, 100));
  EXPECT_NE(delays(1, 100), delays(2, 100));
}

TEST(Phase, CoversItsWholeRangeAndNothingElse) {
  std::vector<std::uint32_t> turns = delays(20110526, 2000);
  std::ranges::sort(turns);
  EXPECT_LE(turns.back(), 8191U);
  EXPECT_GT(turns.back(), 8000U);
  std::uint32_t widest_gap = turns.front();
  for (std::size_t i = 1; i < turns.size(); ++i)
    widest_gap = std::max(widest_gap, turns[i] - turns[i - 1]);
  EXPECT_LT(widest_gap, 100U);
}

}  // namespace
}  // namespace retrap
