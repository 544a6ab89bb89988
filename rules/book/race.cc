// SPDX-License-Identifier: GPL-2.0-only
#include "book/race.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>

#include "book/options.h"
#include "book/parallel.h"

namespace retrap::conform {
namespace {

constexpr std::uint64_t kLethalShare = 20;
constexpr std::uint64_t kMaxSpins = 1 << 14;
constexpr std::uint64_t kTurnsToSeeBoth = 1000;

}  // namespace

std::uint64_t lethal_turns() { return options().count / kLethalShare + 1; }

void record_turns(Interface mode, std::uint64_t turns) {
  ::testing::Test::RecordProperty("turns_" + std::string(interface_name(mode)),
                                  std::to_string(turns));
}

// Between no time and twice the aim, so that the edge is crossed.
void Orders::delay() noexcept {
  const std::atomic<std::uint64_t> limit{turn_++ % 16 * spins_ / 8};
  for (std::uint64_t spin = 0; spin < limit; ++spin) {
  }
}

void Orders::count(bool signal_first, bool call_first) noexcept {
  if (signal_first) {
    ++signal_first_;
  } else if (call_first) {
    ++call_first_;
  } else {
    ++overlapping_;
  }
  // Whichever is behind is helped.
  const std::uint64_t step = spins_ / 16 + 1;
  if (signal_first_ > call_first_) {
    spins_ -= std::min(step, spins_);
  } else {
    spins_ = std::min(spins_ + step, kMaxSpins);
  }
}

void Orders::expect_both(const std::string& name, std::uint64_t turns) const {
  using ::testing::Test;
  Test::RecordProperty(name + "_signal_first", std::to_string(signal_first_));
  Test::RecordProperty(name + "_call_first", std::to_string(call_first_));
  Test::RecordProperty(name + "_overlapping", std::to_string(overlapping_));
  EXPECT_EQ(signal_first_ + call_first_ + overlapping_, turns) << name;
  if (!cpus_run_in_parallel() || turns < kTurnsToSeeBoth) return;
  EXPECT_GT(signal_first_, 0U) << name << ": in none of " << turns << " turns";
  EXPECT_GT(call_first_, 0U) << name << ": in none of " << turns << " turns";
}

}  // namespace retrap::conform
