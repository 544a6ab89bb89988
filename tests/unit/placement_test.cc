// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/placement.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace retrap {
namespace {

const std::vector<int> kThreeCpus = {2, 5, 7};

TEST(Placement, NamesAreReadBack) {
  for (const Placement placement : kPlacements)
    EXPECT_EQ(placement_from_name(placement_name(placement)), placement);
  EXPECT_EQ(placement_from_name("cross-socket"), std::nullopt);
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

// Two nodes of two caches of two cores of two threads: core is bit 1 and up,
// cache bit 2 and up, node bit 3.
Topology sixteen() {
  std::map<int, Topology::Place> places;
  for (int cpu = 0; cpu < 16; ++cpu)
    places[cpu] = {std::to_string(cpu >> 1), std::to_string(cpu >> 2),
                   std::to_string(cpu >> 3)};
  return Topology(places);
}

const std::vector<int> kSixteen = {0, 1, 2,  3,  4,  5,  6,  7,
                                   8, 9, 10, 11, 12, 13, 14, 15};

TEST(Relation, IsTheNearestThingThatTwoCpusShare) {
  EXPECT_EQ(relation({5, 5}, sixteen()), Placement::kSameCpu);
  EXPECT_EQ(relation({4, 5}, sixteen()), Placement::kSmtSibling);
  EXPECT_EQ(relation({4, 6}, sixteen()), Placement::kCrossCore);
  EXPECT_EQ(relation({4, 3}, sixteen()), Placement::kCrossLlc);
  EXPECT_EQ(relation({7, 8}, sixteen()), Placement::kCrossNode);
}

TEST(Relation, IsNothingWhereTheMachineDoesNotSay) {
  EXPECT_EQ(relation({0, 1}, Topology()), std::nullopt);
  EXPECT_EQ(relation({0, 0}, Topology()), Placement::kSameCpu);
  const Topology no_caches({{0, {"0", {}, ""}}, {1, {"1", {}, ""}}});
  EXPECT_EQ(relation({0, 1}, no_caches), std::nullopt);
}

TEST(ChooseEnds, TakesTheFirstPairAtThePlacement) {
  const auto pair_at = [](Placement placement) {
    const auto ends = choose_ends(placement, {}, kSixteen, sixteen());
    return std::pair(ends->tracer_cpu, ends->tracee_cpu);
  };
  EXPECT_EQ(pair_at(Placement::kSameCpu), std::pair(0, 0));
  EXPECT_EQ(pair_at(Placement::kSmtSibling), std::pair(0, 1));
  EXPECT_EQ(pair_at(Placement::kCrossCore), std::pair(0, 2));
  EXPECT_EQ(pair_at(Placement::kCrossLlc), std::pair(0, 4));
  EXPECT_EQ(pair_at(Placement::kCrossNode), std::pair(0, 8));
  EXPECT_EQ(pair_at(Placement::kCrossCpu), std::pair(0, 1));
}

// CPU 0 has no sibling that is allowed; CPU 6 has.
TEST(ChooseEnds, PassesACpuThatHasNoPartner) {
  const auto ends = choose_ends(Placement::kSmtSibling, {},
                                std::vector{0, 2, 6, 7}, sixteen());
  ASSERT_TRUE(ends);
  EXPECT_EQ(ends->tracer_cpu, 6);
  EXPECT_EQ(ends->tracee_cpu, 7);
}

TEST(ChooseEnds, FindsNoneWhereTheMachineHasNone) {
  EXPECT_EQ(choose_ends(Placement::kCrossNode, {}, std::vector{0, 1, 2, 7},
                        sixteen()),
            std::nullopt);
  EXPECT_EQ(
      choose_ends(Placement::kSmtSibling, {.tracer_cpu = 0, .tracee_cpu = {}},
                  std::vector{0, 2, 3}, sixteen()),
      std::nullopt);
}

TEST(ChooseEnds, SaysWhatTwoNamedCpusAre) {
  try {
    (void)choose_ends(Placement::kCrossLlc, {.tracer_cpu = 0, .tracee_cpu = 9},
                      kSixteen, sixteen());
    FAIL() << "taken";
  } catch (const std::invalid_argument& error) {
    EXPECT_STREQ(error.what(), "CPUs 0 and 9 are cross-node, not cross-llc");
  }
}

}  // namespace
}  // namespace retrap
