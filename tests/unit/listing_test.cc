// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "scenarios/registry.h"

namespace retrap {
namespace {

// python/retrap/config/registry.py reads it.
TEST(Listing, JsonHasEveryName) {
  const auto all = nlohmann::json::parse(scenarios_as_json());
  EXPECT_EQ(all["schema"], "retrap.list/1");
  EXPECT_EQ(all["placements"].size(), kPlacements.size());
  EXPECT_EQ(all["placements"][0]["cpus"], 1);
  EXPECT_EQ(all["interfaces"].size(), kInterfaces.size());
  EXPECT_EQ(all["outcomes"][4], "deadline");
  for (const auto& row : all["scenarios"]) {
    EXPECT_TRUE(row["scenario"].is_string());
    EXPECT_FALSE(row["placements"].empty());
    EXPECT_FALSE(row["interfaces"].empty());
  }
}

TEST(Listing, JsonHasTheRangeOfAParameter) {
  const auto all = nlohmann::json::parse(scenarios_as_json());
  const auto row = std::ranges::find_if(all["scenarios"], [](const auto& each) {
    return each["family"] == "elsewhere/jobctl";
  });
  ASSERT_NE(row, all["scenarios"].end());
  EXPECT_EQ((*row)["scenario"], "elsewhere/jobctl/threads:1..256");
  EXPECT_EQ((*row)["parameters"][0]["name"], "threads");
  EXPECT_EQ((*row)["parameters"][0]["most"], 256);
  EXPECT_EQ((*row)["expected"], 0xffff);
  EXPECT_EQ((*row)["floor"], false);
}

TEST(Listing, TextIsALineAFamily) {
  EXPECT_THAT(scenarios_as_text(),
              testing::HasSubstr("retrap/trigger:interrupt any "
                                 "listen,please-notify,listen-republish\n"));
  EXPECT_THAT(scenarios_as_text(), testing::HasSubstr("floor/pipe any any\n"));
}

}  // namespace
}  // namespace retrap
