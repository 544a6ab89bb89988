// SPDX-License-Identifier: GPL-2.0-only
// floor/futex: the same round trip as floor/pipe by futex(2), which does
// little more than sleep and wake.
#ifndef RETRAP_SCENARIOS_FLOOR_FUTEX_H_
#define RETRAP_SCENARIOS_FLOOR_FUTEX_H_

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <new>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"
#include "scenarios/family.h"

namespace retrap {

// A counter in memory that both processes see.
using FutexWord = std::atomic<std::uint32_t>;
static_assert(FutexWord::is_always_lock_free);

// Each on its cache line.
struct FutexPair {
  alignas(64) FutexWord ping = 0;
  alignas(64) FutexWord pong = 0;
};

class SharedFutexPair {
 public:
  SharedFutexPair() {
    void* memory = ::mmap(nullptr, sizeof(FutexPair), PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) throw_errno(errno, "mmap of the futexes");
    pair_ = new (memory) FutexPair;
  }
  SharedFutexPair(const SharedFutexPair&) = delete;
  SharedFutexPair& operator=(const SharedFutexPair&) = delete;
  SharedFutexPair(SharedFutexPair&&) = delete;
  SharedFutexPair& operator=(SharedFutexPair&&) = delete;
  ~SharedFutexPair() { (void)::munmap(pair_, sizeof(FutexPair)); }
  FutexPair* operator->() const noexcept { return pair_; }

 private:
  FutexPair* pair_;
};

class FloorFutex {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "floor/futex",
      .help = "round trip to a sleeping process by futex(2)",
      .is_floor = true};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit FloorFutex(const CellConfig& config)
      : partner_(Tracee::spawn([this] { echo(); }, config.ends.tracee_cpu)),
        steps_(partner_.pid(), config.ends.same_cpu()) {}

  bool arm() noexcept { return steps_.asleep_in(SYS_futex); }

  WaitStatus fire() noexcept {
    const std::uint32_t round = pair_->pong.load();
    set_and_wake(pair_->ping, round + 1);
    if (wait_while(pair_->pong, round)) return kExpected;
    steps_.call_failed("FUTEX_WAIT");
    return kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  static void set_and_wake(FutexWord& word, std::uint32_t value) noexcept {
    word.store(value);
    (void)::syscall(SYS_futex, &word, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  static bool wait_while(FutexWord& word, std::uint32_t value) noexcept {
    while (word.load() == value)
      if (::syscall(SYS_futex, &word, FUTEX_WAIT, value, nullptr, nullptr, 0) ==
              -1 &&
          errno != EAGAIN && errno != EINTR)
        return false;
    return true;
  }
  void echo() const noexcept {
    for (std::uint32_t round = 0; wait_while(pair_->ping, round); ++round)
      set_and_wake(pair_->pong, round + 1);
  }

  SharedFutexPair pair_;
  Tracee partner_;
  Steps steps_;
};

inline const Registration<FloorFutex> kFloorFutex;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FLOOR_FUTEX_H_
