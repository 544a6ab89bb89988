// SPDX-License-Identifier: GPL-2.0-only
// A process of so many threads, all asleep in pause(2).
#ifndef RETRAP_SCENARIOS_SLEEPING_THREADS_H_
#define RETRAP_SCENARIOS_SLEEPING_THREADS_H_

#include <sys/types.h>

#include <optional>
#include <span>
#include <vector>

#include "core/ptrace/tracee.h"
#include "scenarios/floor_pipe.h"

namespace retrap {

class SleepingThreads {
 public:
  SleepingThreads(int count, int cpu);
  SleepingThreads(const SleepingThreads&) = delete;
  SleepingThreads& operator=(const SleepingThreads&) = delete;
  SleepingThreads(SleepingThreads&&) = delete;
  SleepingThreads& operator=(SleepingThreads&&) = delete;
  // Reaps each thread: who was traced is left to its tracer, and the process
  // cannot be reaped before.
  ~SleepingThreads();

  // The first is the process itself.
  [[nodiscard]] std::span<const pid_t> tids() const noexcept { return tids_; }

 private:
  void run(int count) const;
  void sleep_announced() const noexcept;
  pid_t next_tid() const;

  Pipe announced_;
  Tracee process_;
  std::vector<pid_t> tids_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_SLEEPING_THREADS_H_
