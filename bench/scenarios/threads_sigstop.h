// SPDX-License-Identifier: GPL-2.0-only
// threads/trigger:sigstop/threads:N: SIGSTOP to a process of N seized threads,
// all asleep, until the tracer has the report of each. One thread meets the
// signal (`delivered`); the tracer injects it, and every thread takes part in
// the group-stop.
//
// do_signal_stop() looks at every thread once; each of them then runs
// get_signal(), task_participate_group_stop(), do_jobctl_trap(), ptrace_stop().
#ifndef RETRAP_SCENARIOS_THREADS_SIGSTOP_H_
#define RETRAP_SCENARIOS_THREADS_SIGSTOP_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/seized_threads.h"

namespace retrap {

class ThreadsSigstop {
 public:
  static constexpr std::array kUsual = {1, 10};
  static constexpr std::array kParameters = {
      Parameter{"threads", 1, 1000, kUsual}};
  static constexpr std::array<std::string_view, 2> kStages = {"delivered",
                                                              "first"};
  static constexpr FamilyInfo kFamily{
      .name = "threads/trigger:sigstop",
      .help = "SIGSTOP to so many sleeping threads until all are in group-stop",
      .parameters = kParameters,
      .stages = kStages};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  explicit ThreadsSigstop(const CellConfig& config)
      : threads_(config, config.arguments.at(0)) {}

  bool arm() noexcept {
    if (!stopped_) {
      stopped_ = true;  // after fire()
      return threads_.asleep();
    }
    const std::size_t told = threads_.told(0);
    return steps().kill(SIGCONT) &&
           threads_.report(stop_trap(SIGTRAP), 0, told) &&
           threads_.resume(told);
  }

  WaitStatus fire() noexcept {
    if (!threads_.deliver_stop()) return kCallFailed;
    times_[0] = RawClock::now();
    if (!threads_.inject_stop() || !threads_.report(kExpected, 0, 1))
      return kCallFailed;
    times_[1] = RawClock::now();
    return threads_.report(kExpected, 1, threads_.size() - 1) ? kExpected
                                                              : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return times_;
  }
  [[nodiscard]] Steps& steps() noexcept { return threads_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return threads_.steps(); }

 private:
  SeizedThreads threads_;
  std::array<std::uint64_t, 2> times_{};
  bool stopped_ = false;
};

inline const Registration<ThreadsSigstop> kThreadsSigstop;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_THREADS_SIGSTOP_H_
