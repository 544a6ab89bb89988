// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/sample_buffer.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

namespace retrap {
namespace {

TEST(SampleBuffer, KeepsSamplesInOrderAndCountsFailures) {
  SampleBuffer buffer(3);
  buffer.push({.t_trigger_ns = 1});
  buffer.push({.t_trigger_ns = 2, .outcome = Outcome::kUnexpectedStop});
  ASSERT_EQ(buffer.samples().size(), 2U);
  EXPECT_EQ(buffer.samples()[0].t_trigger_ns, 1U);
  EXPECT_EQ(buffer.samples()[1].t_trigger_ns, 2U);
  EXPECT_EQ(buffer.failed(), 1U);
}

TEST(SampleBuffer, NeverWritesPastItsEnd) {
  SampleBuffer buffer(1);
  buffer.push({.t_trigger_ns = 1});
  buffer.push({.t_trigger_ns = 2});
  ASSERT_EQ(buffer.samples().size(), 1U);
  EXPECT_EQ(buffer.samples()[0].t_trigger_ns, 1U);
}

// Exits with 0 when a buffer without the right to be locked says so.
[[noreturn]] void make_buffer_without_privilege() {
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_MEMLOCK, &none) == -1) ::_exit(2);
  // Root has CAP_IPC_LOCK, which no limit binds.
  if (::geteuid() == 0 && ::setresuid(65534, 65534, 65534) == -1) ::_exit(3);
  SampleBuffer buffer(1000);
  buffer.push({.t_trigger_ns = 1});
  ::_exit(!buffer.locked() && buffer.samples().size() == 1 ? 0 : 1);
}

TEST(SampleBufferDeathTest, SaysWhenItIsNotLocked) {
#ifdef __SANITIZE_ADDRESS__
  GTEST_SKIP() << "AddressSanitizer's mlock(2) does nothing";
#endif
  EXPECT_EXIT(make_buffer_without_privilege(), testing::ExitedWithCode(0), "");
}

}  // namespace
}  // namespace retrap
