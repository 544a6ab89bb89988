// SPDX-License-Identifier: GPL-2.0-only
// Prints the rate of this machine's TSC in kHz, for a guest whose TSC it is
// (python/retrap/executors/qemu.py). Says nothing, and exits 77, where there is
// none.
#include <cstdint>
#include <cstdio>
#include <ctime>

#if defined(__x86_64__)
#include <x86intrin.h>

namespace {

struct Moment {
  std::uint64_t tsc;
  double ns;
};

// Of several readings the one in which the two clocks were read soonest after
// each other: nothing came between.
Moment now() {
  Moment best{};
  std::uint64_t nearest = UINT64_MAX;
  for (int i = 0; i < 100; ++i) {
    timespec time{};
    const std::uint64_t before = __rdtsc();
    ::clock_gettime(CLOCK_MONOTONIC_RAW, &time);
    const std::uint64_t after = __rdtsc();
    if (after - before >= nearest) continue;
    nearest = after - before;
    best = {before + nearest / 2, 1e9 * static_cast<double>(time.tv_sec) +
                                      static_cast<double>(time.tv_nsec)};
  }
  return best;
}

}  // namespace

int main() {
  const Moment start = now();
  const timespec span{0, 50'000'000};
  ::nanosleep(&span, nullptr);
  const Moment end = now();
  const double khz =
      1e6 * static_cast<double>(end.tsc - start.tsc) / (end.ns - start.ns);
  std::printf("%.0f\n", khz);
}
#else
int main() { return 77; }
#endif
