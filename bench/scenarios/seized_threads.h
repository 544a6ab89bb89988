// SPDX-License-Identifier: GPL-2.0-only
// The threads of one process, each seized, and their way into a group-stop and
// out of it. Each is asked about by its tid: wait4(-1) would look at all of
// them for each report.
#ifndef RETRAP_SCENARIOS_SEIZED_THREADS_H_
#define RETRAP_SCENARIOS_SEIZED_THREADS_H_

#include <cstddef>
#include <span>
#include <vector>

#include "scenarios/cell.h"
#include "scenarios/group_stop.h"
#include "scenarios/sleeping_threads.h"

namespace retrap {

class SeizedThreads {
 public:
  SeizedThreads(const CellConfig& config, int count);

  // Of the process itself; the failures of all.
  [[nodiscard]] Steps& steps() noexcept { return loops_.front().steps(); }
  [[nodiscard]] const Steps& steps() const noexcept {
    return loops_.front().steps();
  }

  bool asleep() noexcept;

  // Asleep -> SIGSTOP has met one thread, which is to be resumed with it.
  bool deliver_stop() noexcept {
    return steps().kill(SIGSTOP) && steps().wait_for(signal_stop(SIGSTOP));
  }
  // The rest of the way to the group-stop but for the reports.
  bool inject_stop() noexcept { return steps().cont(SIGSTOP); }

  // Each of the threads from `first` on, `count` of them, reports `expected`.
  bool report(WaitStatus expected, std::size_t first,
              std::size_t count) noexcept;

  // Group-stop, reported by all -> the first `armed` wait for news; checked.
  // async-retrap's tracer acknowledges what all of them have reported.
  bool watch(std::size_t armed) noexcept;

  // How many are told of SIGCONT when the first `armed` wait for news.
  [[nodiscard]] std::size_t told(std::size_t armed) const noexcept {
    return loops_.front().interface() == Interface::kAsyncRetrap ? size()
                                                                 : armed;
  }

  // After SIGCONT, which the first `told` have reported -> asleep.
  bool resume(std::size_t told) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return loops_.size(); }

 private:
  // `step` of each thread from `first` on.
  template <typename Step>
  bool each(std::size_t first, std::size_t count, Step step) noexcept {
    for (StopLoop& loop : std::span(loops_).subspan(first, count))
      if (!step(loop)) return steps().failed_as(loop.steps());
    return true;
  }
  template <typename Step>
  bool each(std::size_t first, Step step) noexcept {
    return each(first, size() - first, step);
  }

  SleepingThreads process_;
  std::vector<StopLoop> loops_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_SEIZED_THREADS_H_
