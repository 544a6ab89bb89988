// SPDX-License-Identifier: GPL-2.0-only
// What two clock reads cost with nothing between them.
#ifndef RETRAP_CORE_MEASURE_CLOCK_FLOOR_H_
#define RETRAP_CORE_MEASURE_CLOCK_FLOOR_H_

#include <algorithm>
#include <array>
#include <cstdint>

namespace retrap {

struct ClockFloor {
  std::uint64_t min = 0;
  std::uint64_t median = 0;
};

template <typename Clock>
ClockFloor measure_clock_floor() noexcept {
  std::array<std::uint64_t, 1001> deltas{};
  for (auto& delta : deltas) {
    const std::uint64_t first = Clock::now();
    delta = Clock::now() - first;
  }
  std::ranges::sort(deltas);
  return {deltas.front(), deltas[deltas.size() / 2]};
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_CLOCK_FLOOR_H_
