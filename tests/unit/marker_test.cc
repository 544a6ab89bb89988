// SPDX-License-Identifier: GPL-2.0-only
// What markers cost on the processor that runs this: nothing of a sample.
#include "core/measure/marker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "core/measure/clock_floor.h"
#include "core/measure/sampler.h"
#include "core/sys/clock.h"

namespace retrap {
namespace {

constexpr int kRounds = 50;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

struct Cheapest {
  std::uint64_t without = kNever;
  std::uint64_t with = kNever;
};

// Of rounds that take turns, so that load meets both alike.
template <typename Without, typename With>
Cheapest cheapest(Without&& without, With&& with) {
  Cheapest found;
  for (int round = 0; round < kRounds; ++round) {
    found.without = std::min(found.without, without());
    found.with = std::min(found.with, with());
  }
  return found;
}

constexpr int kPairs = 100'000;

// Nanoseconds for kPairs turns of `body`.
template <typename Body>
std::uint64_t time_loop(Body&& body) {
  const std::uint64_t start = RawClock::now();
  for (int turn = 0; turn < kPairs; ++turn) {
    body();
    asm volatile("");  // else there is no loop
  }
  return RawClock::now() - start;
}

TEST(Marker, CostsLessThanANanosecond) {
  const auto [without, with] = cheapest([] { return time_loop([] {}); },
                                        [] {
                                          return time_loop([] {
                                            mark<Marker::kOpen>();
                                            mark<Marker::kClose>();
                                          });
                                        });
  const double ns =
      (static_cast<double>(with) - static_cast<double>(without)) / kPairs / 2;
  std::printf("one marker: %.3f ns\n", ns);
  EXPECT_LT(ns, 1.0);
}

constexpr int kSamples = 1'001;  // as measure_clock_floor()

// The cheapest of kSamples samples with nothing in them.
std::uint64_t cheapest_sample() {
  std::uint64_t least = kNever;
  for (int i = 0; i < kSamples; ++i) {
    const Sample sample =
        time_once<RawClock>([]() noexcept { return WaitStatus(); });
    least = std::min(least, sample.t_return_ns - sample.t_trigger_ns);
  }
  return least;
}

// They stand outside the region; what is left is what a marker does to the
// clock reads beside it.
TEST(Marker, AddsNothingToASample) {
  const auto [without, with] =
      cheapest([] { return measure_clock_floor<RawClock>().min; },
               [] { return cheapest_sample(); });
  std::printf("an empty sample: %llu ns without markers, %llu ns with\n",
              static_cast<unsigned long long>(without),
              static_cast<unsigned long long>(with));
  EXPECT_NEAR(static_cast<double>(with), static_cast<double>(without), 2.0);
}

}  // namespace
}  // namespace retrap
