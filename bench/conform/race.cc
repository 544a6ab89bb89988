// SPDX-License-Identifier: GPL-2.0-only
#include "conform/race.h"

#include <gtest/gtest.h>
#include <sched.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <thread>

#include "conform/options.h"
#include "conform/subject.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

constexpr std::uint64_t kLethalShare = 20;
constexpr std::uint64_t kMaxSpins = 1 << 14;
constexpr std::uint64_t kTurnsToSeeBoth = 1000;

// How often a counter that another CPU advances is seen to move, in a time in
// which vCPUs that take turns change over a few times.
std::uint64_t changes_seen() {
  std::atomic<std::uint64_t> counter{0};
  std::atomic<bool> stop{false};
  pin_to_cpu(usable_cpus().front());
  std::thread other([&] {
    pin_to_cpu(usable_cpus().back());
    while (!stop) ++counter;
  });
  while (counter == 0) (void)::sched_yield();
  const auto end =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(50);
  std::uint64_t changes = 0;
  for (std::uint64_t last = 0; std::chrono::steady_clock::now() < end;) {
    const std::uint64_t now = counter;
    if (now != last) ++changes;
    last = now;
  }
  stop = true;
  other.join();
  return changes;
}

}  // namespace

std::uint64_t lethal_turns() { return options().count / kLethalShare + 1; }

void record_turns(Interface mode, std::uint64_t turns) {
  ::testing::Test::RecordProperty("turns_" + std::string(interface_name(mode)),
                                  std::to_string(turns));
}

bool cpus_run_in_parallel() {
  static const bool parallel =
      usable_cpus().size() > 1 && changes_seen() > 1000;
  return parallel;
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
