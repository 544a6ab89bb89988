// SPDX-License-Identifier: GPL-2.0-only
// Tests that follow each other in one process, as --gtest_filter runs them:
// ctest gives each its own, and runs these two together (CMakeLists.txt).
#include <gtest/gtest.h>

#include "cells.h"

namespace retrap {
namespace {

const std::vector<int>& cpus_of_the_program() {
  static const std::vector<int> cpus = allowed_cpus();
  return cpus;
}

TEST(OneProcess, FirstTestMovesToOneCpu) {
  (void)cpus_of_the_program();
  (void)same_cpu_cell();
  EXPECT_EQ(allowed_cpus().size(), 1U);
}

TEST(OneProcess, NextTestMayRunWhereTheFirstMight) {
  EXPECT_EQ(allowed_cpus(), cpus_of_the_program());
}

}  // namespace
}  // namespace retrap
