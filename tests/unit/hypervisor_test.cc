// SPDX-License-Identifier: GPL-2.0-only
// On the stored machines that tests/py/test_hypervisor.py tries too.
#include "core/env/hypervisor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "core/env/substrate.h"

namespace retrap {
namespace {

const std::string kMachines = RETRAP_MACHINES;

TEST(Hypervisor, IsToldOfEveryStoredMachine) {
  std::ifstream file(kMachines + "expected.csv");
  std::string line;
  ASSERT_TRUE(std::getline(file, line));
  int machines = 0;
  for (; std::getline(file, line); ++machines) {
    std::istringstream cells(line);
    std::string name;
    std::string substrate;
    std::getline(cells, name, ',');
    std::getline(cells, substrate, ',');
    const auto expected = substrate_from_name(substrate);
    ASSERT_TRUE(expected.has_value()) << line;
    EXPECT_EQ(is_virtual(kMachines + name + '/'), *expected == Substrate::kVm)
        << name;
  }
  EXPECT_GT(machines, 0);
}

TEST(Hypervisor, IsNotGuessed) {
  EXPECT_EQ(is_virtual(kMachines + "none/"), std::nullopt);
}

}  // namespace
}  // namespace retrap
