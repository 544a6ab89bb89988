// SPDX-License-Identifier: GPL-2.0-only
// Many tests in one process: each begins on the CPUs of the first.
#include <gmock/gmock.h>

#include "core/sys/affinity.h"

namespace {

class AllowedCpus : public testing::EmptyTestEventListener {
  void OnTestEnd(const testing::TestInfo&) override {
    retrap::allow_cpus(at_start_);
  }

  const std::vector<int> at_start_ = retrap::allowed_cpus();
};

}  // namespace

int main(int argc, char** argv) {
  testing::InitGoogleMock(&argc, argv);
  // GoogleTest deletes it.
  testing::UnitTest::GetInstance()->listeners().Append(new AllowedCpus);
  return RUN_ALL_TESTS();
}
