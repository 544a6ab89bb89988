// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/quantile.h"

#include <gmock/gmock.h>

#include <array>

namespace retrap {
namespace {

// numpy.quantile(range(1, 11), q, method="inverted_cdf").
TEST(Quantile, IsTheValueThatNumpyNames) {
  const std::array<std::uint64_t, 10> ten = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10};
  EXPECT_EQ(quantile(ten, 0.50), 5U);
  EXPECT_EQ(quantile(ten, 0.90), 9U);
  EXPECT_EQ(quantile(ten, 0.99), 10U);
  EXPECT_EQ(quantile(ten, 0.00), 1U);
  EXPECT_EQ(quantile(ten, 1.00), 10U);
  EXPECT_EQ(quantile(std::array<std::uint64_t, 1>{7}, 0.5), 7U);
}

TEST(SortedTimes, AreOfTheSamplesThatDidNotFail) {
  const std::array samples = {
      Sample{.t_trigger_ns = 10, .t_return_ns = 15},
      Sample{.t_trigger_ns = 0, .outcome = Outcome::kDeadline},
      Sample{.t_trigger_ns = 20, .t_return_ns = 22}};
  EXPECT_THAT(sorted_times(samples), testing::ElementsAre(2U, 5U));
}

}  // namespace
}  // namespace retrap
