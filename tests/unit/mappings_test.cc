// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/mappings.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace retrap {
namespace {

TEST(CodeMappings, AreTheExecutableLines) {
  constexpr const char* kMaps =
      "555555554000-555555560000 r--p 00000000 00:02 17   /bin/retrap-bench\n"
      "555555560000-555555600000 r-xp 0000c000 00:02 17   /bin/retrap-bench\n"
      "7ffff7fc1000-7ffff7fc3000 r-xp 00000000 00:00 0    [vdso]\n"
      "7ffff7fff000-7ffff8000000 r-xp 00000000 00:00 0\n"
      "7ffff7c00000-7ffff7d00000 r-xp 00026000 00:02 9  /a b (deleted)\n"
      "7fffffffd000-7ffffffff000 rw-p 00000000 00:00 0    [stack]\n";
  EXPECT_THAT(code_mappings(kMaps),
              testing::ElementsAre(
                  "555555560000-555555600000 0000c000 /bin/retrap-bench",
                  "7ffff7fc1000-7ffff7fc3000 00000000 [vdso]",
                  "7ffff7fff000-7ffff8000000 00000000 ",
                  "7ffff7c00000-7ffff7d00000 00026000 /a b (deleted)"));
}

}  // namespace
}  // namespace retrap
