// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/substrate.h"

#include <gtest/gtest.h>

namespace retrap {
namespace {

TEST(Substrate, NamesAreReadBack) {
  for (const auto name : {"exact", "vm", "bare-metal"})
    EXPECT_EQ(substrate_name(substrate_from_name(name).value()), name);
  EXPECT_EQ(substrate_from_name("auto"), std::nullopt);
}

TEST(Substrate, OnlyExactCountsInstructions) {
  EXPECT_EQ(unit_name(Substrate::kExact), "instructions");
  EXPECT_EQ(unit_name(Substrate::kVm), "ns");
  EXPECT_EQ(unit_name(Substrate::kBareMetal), "ns");
}

TEST(Substrate, IsNeverDetectedAsExact) {
  EXPECT_NE(detect_substrate(), Substrate::kExact);
}

}  // namespace
}  // namespace retrap
