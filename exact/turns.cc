// SPDX-License-Identifier: GPL-2.0-only
// Makes QEMU's two threads take turns, so that a boot under -icount is the same
// in every run, however the host schedules them. Loaded by LD_PRELOAD.
//
// With -icount and sleep=off, one thread runs all vCPUs (rr_cpu_thread_fn() in
// QEMU's accel/tcg/tcg-accel-ops-rr.c). When all of them idle it waits, and the
// main thread moves the guest's clock to the next timer, runs that and wakes it
// (icount_start_warp_timer()). But the main thread also goes round its loop
// when the vCPU thread has notified it and runs on. Where it is then, and holds
// the big lock, is up to the host: if the vCPUs halt just then, the main thread
// can move the clock before the vCPU thread has done what it does when all are
// idle (read, not observed). A delay there makes the rest of the boot another
// (docs/methodology.md, "What makes a run repeat").
//
// So whenever the vCPU thread lets go of the big lock, or returns from its
// wait, it goes on only when the main thread waits in ppoll(2) and has nothing
// to do.
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <span>

namespace {

// Whether the main thread waits, and nothing has been written that will wake
// it.
std::atomic<bool> main_waits{false};
std::atomic<unsigned long> turns{0};

// The descriptors which the main thread waits for, four in QEMU 7.2; with
// `main_waits` and the writes to them, under `writing`.
std::array<int, 64> awaited{};
std::size_t awaited_count = 0;
std::atomic_flag writing;

// The vCPU thread's big lock: the mutex of its waits.
thread_local pthread_mutex_t* big_lock = nullptr;

class Writing {
 public:
  Writing() noexcept {
    while (writing.test_and_set()) writing.wait(true);
  }
  ~Writing() {
    writing.clear();
    writing.notify_one();
  }
  Writing(const Writing&) = delete;
  Writing& operator=(const Writing&) = delete;
  Writing(Writing&&) = delete;
  Writing& operator=(Writing&&) = delete;
};

bool in_main_thread() noexcept {
  static thread_local const bool main = ::gettid() == ::getpid();
  return main;
}

void main_begins_to_wait() noexcept {
  main_waits = true;
  main_waits.notify_all();
}

void wait_for_main() noexcept {
  const int error = errno;  // of what the caller did under the lock
  while (!main_waits) main_waits.wait(false);
  errno = error;
}

// What of libc bears this name: the version that programs of today are linked
// with, as a plain dlsym(3) may find one for programs of the year 2002.
template <typename Function>
Function* libc(const char* name, const char* version) noexcept {
  void* found = ::dlvsym(RTLD_NEXT, name, version);
  if (found == nullptr) found = ::dlsym(RTLD_NEXT, name);
  return reinterpret_cast<Function*>(found);  // NOLINT: dlsym(3)
}

int unlock(pthread_mutex_t* mutex) noexcept {
  static auto* const call =
      libc<int(pthread_mutex_t*)>("pthread_mutex_unlock", "GLIBC_2.2.5");
  return call(mutex);
}

bool is_awaited(int file) noexcept {
  for (const int each : std::span(awaited).first(awaited_count))
    if (each == file) return true;
  return false;
}

// Evidence that QEMU came through here: python/retrap/executors/qemu.py looks
// for it.
struct Farewell {
  Farewell() = default;
  Farewell(const Farewell&) = delete;
  Farewell& operator=(const Farewell&) = delete;
  Farewell(Farewell&&) = delete;
  Farewell& operator=(Farewell&&) = delete;
  ~Farewell() {
    (void)std::fprintf(stderr, "retrap-turns: %lu turns\n", turns.load());
  }
} farewell;

}  // namespace

// QEMU's qemu_cond_wait(): of vCPUs that are idle, and of the main thread while
// it starts or stops them.
extern "C" int pthread_cond_wait(pthread_cond_t* condition,
                                 pthread_mutex_t* mutex) {
  static auto* const wait = libc<int(pthread_cond_t*, pthread_mutex_t*)>(
      "pthread_cond_wait", "GLIBC_2.3.2");
  if (in_main_thread()) {
    {
      const Writing guard;
      awaited_count = 0;  // here no event wakes it, but the vCPU thread
      main_begins_to_wait();
    }
    const int status = wait(condition, mutex);
    main_waits = false;
    return status;
  }
  big_lock = mutex;
  const int status = wait(condition, mutex);
  ++turns;
  while (!main_waits) {  // it may need the mutex to get there
    unlock(mutex);
    wait_for_main();
    pthread_mutex_lock(mutex);
  }
  return status;
}

extern "C" int pthread_mutex_unlock(pthread_mutex_t* mutex) noexcept {
  const int status = unlock(mutex);
  if (mutex == big_lock) wait_for_main();
  return status;
}

// QEMU's event_notifier_set(): an event for the main loop.
extern "C" ssize_t write(int file, const void* bytes, size_t count) {
  static auto* const call =
      libc<ssize_t(int, const void*, size_t)>("write", "GLIBC_2.2.5");
  if (big_lock == nullptr) return call(file, bytes, count);
  const Writing guard;
  const ssize_t written = call(file, bytes, count);
  if (is_awaited(file)) main_waits = false;
  return written;
}

// QEMU's main loop.
extern "C" int ppoll(pollfd* files, nfds_t count, const timespec* timeout,
                     const sigset_t* signals) {
  static auto* const poll =
      libc<int(pollfd*, nfds_t, const timespec*, const sigset_t*)>("ppoll",
                                                                   "GLIBC_2.4");
  if (!in_main_thread()) return poll(files, count, timeout, signals);
  {
    const Writing guard;
    const timespec at_once{};
    const int ready = poll(files, count, &at_once, signals);
    if (ready != 0) return ready;  // it goes round, and does not wait
    awaited_count = 0;
    for (const pollfd& each : std::span(files, count))
      if (awaited_count < awaited.size()) awaited[awaited_count++] = each.fd;
    main_begins_to_wait();
  }
  const int status = poll(files, count, timeout, signals);
  main_waits = false;
  return status;
}
