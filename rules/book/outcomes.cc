// SPDX-License-Identifier: GPL-2.0-only
#include "book/outcomes.h"

#include <gtest/gtest.h>

#include <atomic>

namespace retrap::conform {
namespace {

constexpr std::uint64_t kDelays = 32;
constexpr std::uint64_t kSpinsApart = 512;

}  // namespace

void Outcomes::record() const {
  for (const auto& [name, count] : counts_) {
    ::testing::Test::RecordProperty("outcome_" + name, std::to_string(count));
  }
}

void wait_a_little(std::uint64_t turn) noexcept {
  const std::atomic<std::uint64_t> limit{turn % kDelays * kSpinsApart};
  for (std::uint64_t spin = 0; spin < limit; ++spin) {
  }
}

}  // namespace retrap::conform
