// SPDX-License-Identifier: GPL-2.0-only
// Whether the clock counts instructions, one a nanosecond.
//
// Only QEMU -icount shift=0 does. The claim decides the unit of all numbers,
// so it is proved and not believed: N more nops must take N ns more, exactly,
// at two values of N. The least of a few tries is taken, as an interrupt of
// the guest may fall into one.
#ifndef RETRAP_CORE_MEASURE_EXACTNESS_H_
#define RETRAP_CORE_MEASURE_EXACTNESS_H_

#include <algorithm>
#include <cstdint>

#include "core/measure/nops.h"

namespace retrap {

struct Exactness {
  static constexpr unsigned kNops = 1000;
  std::uint64_t once = 0;   // ns around N nops
  std::uint64_t twice = 0;  // 2N
  std::uint64_t thrice = 0;
  [[nodiscard]] bool exact() const noexcept {
    return twice - once == kNops && thrice - twice == kNops;
  }
};

template <typename Clock, unsigned kCount>
[[gnu::noinline]] std::uint64_t least_time_of_nops() noexcept {
  std::uint64_t least = UINT64_MAX;
  for (int i = 0; i < 9; ++i) {
    const std::uint64_t start = Clock::now();
    nops<kCount>();
    least = std::min(least, Clock::now() - start);
  }
  return least;
}

template <typename Clock>
Exactness measure_exactness() noexcept {
  constexpr unsigned kNops = Exactness::kNops;
  return {least_time_of_nops<Clock, kNops>(),
          least_time_of_nops<Clock, 2 * kNops>(),
          least_time_of_nops<Clock, 3 * kNops>()};
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_EXACTNESS_H_
