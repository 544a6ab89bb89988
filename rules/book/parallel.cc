// SPDX-License-Identifier: GPL-2.0-only
#include "book/parallel.h"

#include <sched.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>

#include "book/subject.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

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

bool cpus_run_in_parallel() {
  static const bool parallel =
      usable_cpus().size() > 1 && changes_seen() > 1000;
  return parallel;
}

}  // namespace retrap::conform
