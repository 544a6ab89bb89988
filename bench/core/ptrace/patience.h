// SPDX-License-Identifier: GPL-2.0-only
// How long to wait for another process: a limit that no busy machine reaches.
//
// The wall clock says nothing about a task that got no CPU. So this looks at
// the process after a while, and then once a second. It had its chance when it
// ran for half a second since the first look, or when two looks in a row find
// none of its threads runnable: whoever sleeps, is stopped or is gone waits for
// no CPU.
#ifndef RETRAP_CORE_PTRACE_PATIENCE_H_
#define RETRAP_CORE_PTRACE_PATIENCE_H_

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <optional>

#include "core/sys/clock.h"

namespace retrap {

// What /proc says of a process.
struct Progress {
  bool runnable = false;             // a thread runs, or waits for a CPU
  std::chrono::milliseconds ran{0};  // all threads, to a clock tick

  // Of any thread's process; of one that is gone: not runnable.
  static Progress of(pid_t pid);
};

class Patience {
 public:
  explicit Patience(pid_t pid, std::chrono::nanoseconds until_first_look =
                                   std::chrono::seconds(1)) noexcept
      : pid_(pid),
        next_look_(RawClock::now() +
                   static_cast<std::uint64_t>(until_first_look.count())) {}

  // To be asked after each failed try.
  [[nodiscard]] bool lasts() noexcept {
    return RawClock::now() < next_look_ || look_again();
  }

  // It ended as the process ran; else as it did not want to.
  [[nodiscard]] bool saw_it_run() const noexcept { return saw_it_run_; }

  // The decision; `seen` is the next look. For tests, which have no process.
  [[nodiscard]] bool lasts_after(const Progress& seen) noexcept;

 private:
  static constexpr std::uint64_t kLookEveryNs = 1'000'000'000;
  static constexpr std::chrono::milliseconds kChance{500};

  [[nodiscard]] bool look_again() noexcept;

  pid_t pid_;
  std::uint64_t next_look_;
  std::optional<Progress> first_;
  Progress last_;
  bool saw_it_run_ = false;
};

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_PATIENCE_H_
