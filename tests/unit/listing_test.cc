// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "scenarios/registry.h"

namespace retrap {
namespace {

TEST(Listing, JsonHasWhatPlanPyReads) {
  const auto rows = nlohmann::json::parse(scenarios_as_json());
  ASSERT_EQ(rows.size(), scenarios().size());
  for (const auto& row : rows) {
    EXPECT_TRUE(row["scenario"].is_string());
    EXPECT_FALSE(row["placements"].empty());
    EXPECT_FALSE(row["interfaces"].empty());
  }
}

TEST(Listing, TextIsALineAScenario) {
  EXPECT_THAT(scenarios_as_text(),
              testing::HasSubstr("retrap/trigger:interrupt any "
                                 "listen,please-notify,listen-republish\n"));
  EXPECT_THAT(scenarios_as_text(), testing::HasSubstr("floor/pipe any any\n"));
}

TEST(Registry, FloorsWithOneEndExistAtOneCpu) {
  EXPECT_FALSE(find_scenario("floor/clock")->has(Placement::kCrossCpu));
  EXPECT_TRUE(find_scenario("floor/pipe")->has(Placement::kCrossCpu));
  EXPECT_EQ(find_scenario("floor"), nullptr);
}

}  // namespace
}  // namespace retrap
