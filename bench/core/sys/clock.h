// SPDX-License-Identifier: GPL-2.0-only
// The clock of every sample.
//
// CLOCK_MONOTONIC_RAW: NTP never bends it, so two samples an hour apart have
// the same unit, and under QEMU -icount it advances by 1 ns an instruction.
// Read through the vDSO: no system call, so it adds nothing to path integers.
#ifndef RETRAP_CORE_SYS_CLOCK_H_
#define RETRAP_CORE_SYS_CLOCK_H_

#include <time.h>

#include <cstdint>

namespace retrap {

struct RawClock {
  static std::uint64_t now() noexcept {
    timespec t;
    (void)::clock_gettime(CLOCK_MONOTONIC_RAW, &t);  // cannot fail
    return static_cast<std::uint64_t>(t.tv_sec) * 1'000'000'000U +
           static_cast<std::uint64_t>(t.tv_nsec);
  }
};

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_CLOCK_H_
