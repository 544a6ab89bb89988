// SPDX-License-Identifier: GPL-2.0-only
#include "book/outcomes.h"

#include <gtest/gtest.h>

#include <atomic>
#include <map>

namespace retrap::conform {
namespace {

constexpr std::uint64_t kDelays = 32;
constexpr std::uint64_t kSpinsApart = 512;

}  // namespace

void count_outcomes(std::uint64_t turns, const PlayTurn& play) {
  std::map<std::string, std::uint64_t> counts;
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    std::string outcome;
    ASSERT_NO_FATAL_FAILURE(play(turn, outcome)) << "turn " << turn;
    ++counts[outcome];
  }
  for (const auto& [outcome, count] : counts) {
    ::testing::Test::RecordProperty("outcome_" + outcome,
                                    std::to_string(count));
  }
}

void wait_a_little(std::uint64_t turn) noexcept {
  const std::atomic<std::uint64_t> limit{turn % kDelays * kSpinsApart};
  for (std::uint64_t spin = 0; spin < limit; ++spin) {
  }
}

}  // namespace retrap::conform
