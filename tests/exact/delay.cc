// SPDX-License-Identifier: GPL-2.0-only
// Delays QEMU's main thread by 0 to 120 us on its way to ppoll(2), as a busy
// host may. Loaded by LD_PRELOAD.
#include <dlfcn.h>
#include <poll.h>
#include <unistd.h>

#include <chrono>
#include <random>

extern "C" int ppoll(pollfd* files, nfds_t count, const timespec* timeout,
                     const sigset_t* signals) {
  using Poll = int(pollfd*, nfds_t, const timespec*, const sigset_t*);
  using Clock = std::chrono::steady_clock;
  static auto* const poll =
      reinterpret_cast<Poll*>(::dlsym(RTLD_NEXT, "ppoll"));  // NOLINT: dlsym(3)
  static std::minstd_rand random(std::random_device{}());
  if (::gettid() == ::getpid()) {
    const auto end =
        Clock::now() + std::chrono::nanoseconds(random() % 120'000);
    while (Clock::now() < end) {
    }
  }
  return poll(files, count, timeout, signals);
}
