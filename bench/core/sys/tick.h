// SPDX-License-Identifier: GPL-2.0-only
// The scheduler's timer tick, seen from user space.
#ifndef RETRAP_CORE_SYS_TICK_H_
#define RETRAP_CORE_SYS_TICK_H_

#include <time.h>

#include <cstdint>

#include "core/sys/clock.h"

namespace retrap {

// Returns some time after a tick: CLOCK_MONOTONIC_COARSE stands still between
// two. What the tick leaves to do (softirqs, kernel threads) is done by then,
// and what is shorter than a tick runs undisturbed. No system call, so that
// perf counts none.
inline void wait_for_tick() noexcept {
  timespec last{};
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC_COARSE, &last);
  do {
    (void)::clock_gettime(CLOCK_MONOTONIC_COARSE, &now);
  } while (now.tv_nsec == last.tv_nsec && now.tv_sec == last.tv_sec);
  const std::uint64_t end = RawClock::now() + 300'000;
  while (RawClock::now() < end) {
  }
}

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_TICK_H_
