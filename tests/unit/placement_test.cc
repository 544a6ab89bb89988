// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/placement.h"

#include <gtest/gtest.h>

#include <stdexcept>
#include <vector>

namespace retrap {
namespace {

const std::vector<int> kThreeCpus = {2, 5, 7};

TEST(Placement, NamesAreReadBack) {
  for (const Placement placement : kPlacements)
    EXPECT_EQ(placement_from_name(placement_name(placement)), placement);
  EXPECT_EQ(placement_from_name("cross-node"), std::nullopt);
  EXPECT_EQ(placement_from_name(""), std::nullopt);
}

TEST(ChooseEnds, SameCpuTakesTheFirstAllowed) {
  const auto ends = choose_ends(Placement::kSameCpu, {}, kThreeCpus);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->tracer_cpu, 2);
  EXPECT_TRUE(ends->same_cpu());
}

TEST(ChooseEnds, CrossCpuTakesTheFirstTwo) {
  const auto ends = choose_ends(Placement::kCrossCpu, {}, kThreeCpus);
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->tracer_cpu, 2);
  EXPECT_EQ(ends->tracee_cpu, 5);
}

TEST(ChooseEnds, FillsInTheEndThatIsNotNamed) {
  const auto tracer = choose_ends(
      Placement::kCrossCpu, {.tracer_cpu = 5, .tracee_cpu = {}}, kThreeCpus);
  const auto tracee = choose_ends(
      Placement::kCrossCpu, {.tracer_cpu = {}, .tracee_cpu = 2}, kThreeCpus);
  EXPECT_EQ(tracer->tracee_cpu, 2);
  EXPECT_EQ(tracee->tracer_cpu, 5);
  EXPECT_EQ(choose_ends(Placement::kSameCpu,
                        {.tracer_cpu = {}, .tracee_cpu = 7}, kThreeCpus)
                ->tracer_cpu,
            7);
}

TEST(ChooseEnds, CrossCpuNeedsTwo) {
  EXPECT_EQ(choose_ends(Placement::kCrossCpu, {}, std::vector{3}),
            std::nullopt);
  EXPECT_TRUE(choose_ends(Placement::kSameCpu, {}, std::vector{3}));
}

TEST(ChooseEnds, RefusesContradictions) {
  const auto choose = [](Placement placement, int tracer, int tracee) {
    return choose_ends(placement, {.tracer_cpu = tracer, .tracee_cpu = tracee},
                       kThreeCpus);
  };
  EXPECT_THROW(choose(Placement::kSameCpu, 2, 5), std::invalid_argument);
  EXPECT_THROW(choose(Placement::kCrossCpu, 2, 2), std::invalid_argument);
  EXPECT_THROW(choose(Placement::kCrossCpu, 2, 3), std::invalid_argument);
}

}  // namespace
}  // namespace retrap
