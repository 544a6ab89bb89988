// SPDX-License-Identifier: GPL-2.0-only
// So many tasks on one CPU: threads of one process, or processes; asleep in
// pause(2), or each in a busy loop.
#ifndef RETRAP_SCENARIOS_CROWD_H_
#define RETRAP_SCENARIOS_CROWD_H_

#include <sys/types.h>

#include <cstddef>
#include <span>
#include <vector>

#include "core/measure/placement.h"
#include "core/ptrace/tracee.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/shared_words.h"
#include "scenarios/steps.h"

namespace retrap {

enum class Tasks { kThreads, kProcesses };
enum class Doing { kAsleep, kBusy };

class Crowd {
 public:
  Crowd(int count, Tasks tasks, Doing doing, Ends ends);
  Crowd(const Crowd&) = delete;
  Crowd& operator=(const Crowd&) = delete;
  Crowd(Crowd&&) = delete;
  Crowd& operator=(Crowd&&) = delete;
  // Kills all before it waits for one: who is busy dies when it gets the CPU.
  ~Crowd();

  [[nodiscard]] std::span<const pid_t> tids() const noexcept { return tids_; }

  // All asleep, or each has run in user mode since this was called. False:
  // `steps` knows why.
  bool settled(Steps& steps) noexcept;

 private:
  // Of the busy ones: the round that the tracer calls, how many have run in
  // it, and the last in which all have.
  static constexpr std::size_t kRound = 0;
  static constexpr std::size_t kRan = 1;
  static constexpr std::size_t kDone = 2;

  void live_as_threads() const;
  void live() const noexcept;
  void be_busy() const noexcept;
  void announce() const noexcept;
  [[nodiscard]] pid_t next_tid() const;
  bool all_asleep(Steps& steps) const noexcept;
  bool all_ran(Steps& steps) noexcept;

  std::size_t count_;
  Doing doing_;
  bool same_cpu_;
  Pipe announced_;
  SharedWords words_;
  std::vector<Tracee> processes_;
  std::vector<pid_t> tids_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_CROWD_H_
