// SPDX-License-Identifier: GPL-2.0-only
// What markers cost on the processor that runs this: nothing of a sample.
#include "core/measure/marker.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "core/measure/sampler.h"
#include "core/sys/clock.h"

namespace retrap {
namespace {

constexpr int kRounds = 50;
constexpr std::uint64_t kNever = std::numeric_limits<std::uint64_t>::max();

// The cheapest of rounds that take turns, so that load meets both alike.
template <typename Without, typename With>
void cheapest(Without&& without, With&& with, std::uint64_t& a,
              std::uint64_t& b) {
  a = b = kNever;
  for (int round = 0; round < kRounds; ++round) {
    a = std::min(a, without());
    b = std::min(b, with());
  }
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
  std::uint64_t without = 0;
  std::uint64_t with = 0;
  cheapest([] { return time_loop([] {}); },
           [] {
             return time_loop([] {
               mark<Marker::kOpen>();
               mark<Marker::kClose>();
             });
           },
           without, with);
  const double ns =
      (static_cast<double>(with) - static_cast<double>(without)) / kPairs / 2;
  std::printf("one marker: %.3f ns\n", ns);
  EXPECT_LT(ns, 1.0);
}

constexpr int kSamples = 2'000;

// The cheapest of kSamples windows with nothing in them.
template <typename Take>
std::uint64_t cheapest_window(Take&& take) {
  std::uint64_t least = kNever;
  for (int i = 0; i < kSamples; ++i) {
    const Sample sample = take();
    least = std::min(least, sample.t_return_ns - sample.t_trigger_ns);
  }
  return least;
}

Sample time_without_markers() noexcept {
  Sample sample;
  sample.t_trigger_ns = RawClock::now();
  sample.wait_status = 0;
  sample.t_return_ns = RawClock::now();
  return sample;
}

Sample time_with_markers() noexcept {
  return time_once<RawClock>([]() noexcept { return 0; });
}

// They stand outside the region; what is left is what a marker does to the
// clock reads beside it.
TEST(Marker, AddsNothingToASample) {
  std::uint64_t without = 0;
  std::uint64_t with = 0;
  cheapest([] { return cheapest_window(time_without_markers); },
           [] { return cheapest_window(time_with_markers); }, without, with);
  std::printf("an empty sample: %llu ns without markers, %llu ns with\n",
              static_cast<unsigned long long>(without),
              static_cast<unsigned long long>(with));
  EXPECT_NEAR(static_cast<double>(with), static_cast<double>(without), 2.0);
}

}  // namespace
}  // namespace retrap
