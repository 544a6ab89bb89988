// SPDX-License-Identifier: GPL-2.0-only
// Processes that take a CPU from a tracee: asleep until they are let go, and
// again when they are held.
#ifndef RETRAP_SCENARIOS_BUSY_LOOPS_H_
#define RETRAP_SCENARIOS_BUSY_LOOPS_H_

#include <sys/syscall.h>

#include <algorithm>
#include <climits>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/sys/relax.h"
#include "scenarios/floor_futex.h"
#include "scenarios/steps.h"

namespace retrap {

class BusyLoops {
 public:
  BusyLoops(int count, Ends ends) {
    loops_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      loops_.push_back(Tracee::spawn([this] { loop(); }, ends.tracee_cpu));
      steps_.emplace_back(loops_.back().pid(), ends.same_cpu());
    }
  }

  // When it returns they compete for the CPU.
  void let_go() noexcept {
    words_->ping.store(1);
    wake_all();
  }
  void hold() noexcept { words_->ping.store(0); }

  // False when one does not come to its sleep; steps() of it says why.
  bool asleep() noexcept {
    return std::ranges::all_of(
        steps_, [](Steps& each) { return each.asleep_in(SYS_futex); });
  }

 private:
  void wake_all() noexcept {
    (void)::syscall(SYS_futex, &words_->ping, FUTEX_WAKE, INT_MAX, nullptr,
                    nullptr, 0);
  }
  void loop() const noexcept {
    for (;;) {
      while (words_->ping.load() == 0)
        (void)::syscall(SYS_futex, &words_->ping, FUTEX_WAIT, 0, nullptr,
                        nullptr, 0);
      while (words_->ping.load() != 0) relax();
    }
  }

  SharedFutexPair words_;
  std::vector<Tracee> loops_;
  std::vector<Steps> steps_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_BUSY_LOOPS_H_
