// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/failure.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace retrap {
namespace {

TEST(Failure, NamesTheCallAndItsError) {
  EXPECT_EQ(describe({.outcome = Outcome::kCallFailed,
                      .what = "PTRACE_LISTEN",
                      .error = ESRCH}),
            "PTRACE_LISTEN: No such process");
}

TEST(Failure, NamesTheStatusAndTheOneExpected) {
  EXPECT_EQ(describe({.outcome = Outcome::kUnexpectedStop,
                      .what = "wait status",
                      .got = stop_trap(SIGSTOP),
                      .expected = stop_trap(SIGTRAP)}),
            "wait status: 0x80137f STOP(STOP), expected 0x80057f STOP(TRAP)");
}

TEST(Failure, NamesTheStateThatWasNotReached) {
  EXPECT_EQ(
      describe({.outcome = Outcome::kStartNotReached, .what = "not asleep"}),
      "not asleep");
}

}  // namespace
}  // namespace retrap
