// SPDX-License-Identifier: GPL-2.0-only
// Delays that spread the samples over the phase.
//
// The scheduler does its load tracking in periods of 1024 us
// (kernel/sched/pelt.c): what a wakeup costs depends on where in the period
// it falls. A loop without a delay keeps to few of these places, and two
// kernels keep to different ones. A pseudo-random number of turns before each
// trigger walks through all of them, the same way in each run of a seed.
#ifndef RETRAP_CORE_MEASURE_PHASE_H_
#define RETRAP_CORE_MEASURE_PHASE_H_

#include <cstdint>

namespace retrap {

// splitmix64: S. Vigna's public domain generator, one word of state.
constexpr std::uint64_t splitmix64(std::uint64_t& state) noexcept {
  state += 0x9e3779b97f4a7c15U;
  std::uint64_t z = state;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9U;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebU;
  return z ^ (z >> 31);
}

class Phase {
 public:
  static constexpr std::uint32_t kMostTurns = 8191;

  explicit constexpr Phase(std::uint64_t seed) noexcept : state_(seed) {}

  // Turns of the next delay, 0 to kMostTurns.
  constexpr std::uint32_t next() noexcept {
    return static_cast<std::uint32_t>(splitmix64(state_)) & kMostTurns;
  }

 private:
  std::uint64_t state_;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_PHASE_H_
