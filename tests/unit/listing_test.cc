// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <gmock/gmock.h>

#include <nlohmann/json.hpp>

#include "scenarios/registry.h"

namespace retrap {
namespace {

TEST(Listing, JsonHasWhatPlanPyReads) {
  const auto rows = nlohmann::json::parse(scenarios_as_json());
  for (const auto& row : rows) {
    EXPECT_TRUE(row["scenario"].is_string());
    EXPECT_FALSE(row["placements"].empty());
    EXPECT_FALSE(row["interfaces"].empty());
  }
}

TEST(Listing, TextIsALineAFamily) {
  EXPECT_THAT(scenarios_as_text(),
              testing::HasSubstr("retrap/trigger:interrupt any "
                                 "listen,please-notify,listen-republish\n"));
  EXPECT_THAT(scenarios_as_text(), testing::HasSubstr("floor/pipe any any\n"));
}

}  // namespace
}  // namespace retrap
