// SPDX-License-Identifier: GPL-2.0-only
// threads/trigger:sigcont/armed:K/others:M: SIGCONT to a group-stopped process
// of K + M seized threads, until the tracer has the last report. It waits for
// news of K of them, by its design's request, and has left M in their trap.
//
// mainline, listen-republish and please-notify owe K reports; async-retrap owes
// K + M, whatever the tracer asked for. Each other thread traps when resumed.
//
// prepare_signal() calls ptrace_trap_notify() for every thread; each that is
// woken runs ptrace_stop(), get_signal(), do_jobctl_trap(), ptrace_stop().
#ifndef RETRAP_SCENARIOS_THREADS_SIGCONT_H_
#define RETRAP_SCENARIOS_THREADS_SIGCONT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/seized_threads.h"

namespace retrap {

class ThreadsSigcont {
 public:
  static constexpr std::array kUsualArmed = {1, 10};
  static constexpr std::array kUsualOthers = {0, 10};
  static constexpr std::array kParameters = {
      Parameter{"armed", 1, 1000, kUsualArmed},
      Parameter{"others", 0, 1000, kUsualOthers}};
  static constexpr std::array<std::string_view, 1> kStages = {"first"};
  static constexpr std::array<std::string_view, 1> kTallies = {"reports"};
  static constexpr FamilyInfo kFamily{
      .name = "threads/trigger:sigcont",
      .help = "SIGCONT to threads in group-stop, news of some of them wanted",
      .parameters = kParameters,
      .stages = kStages,
      .tallies = kTallies};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit ThreadsSigcont(const CellConfig& config)
      : armed_(static_cast<std::size_t>(config.arguments.at(0))),
        threads_(config, config.arguments.at(0) + config.arguments.at(1)),
        told_(threads_.told(armed_)) {
    readings_[1] = told_;
  }

  bool arm() noexcept {
    const bool asleep = notified_ ? threads_.resume(told_) : threads_.asleep();
    notified_ = true;  // after fire()
    return asleep && threads_.deliver_stop() && threads_.inject_stop() &&
           threads_.report(stop_trap(SIGSTOP), 0, threads_.size()) &&
           threads_.watch(armed_);
  }

  WaitStatus fire() noexcept {
    if (!steps().kill(SIGCONT) || !threads_.report(kExpected, 0, 1))
      return kCallFailed;
    readings_[0] = RawClock::now();
    return threads_.report(kExpected, 1, told_ - 1) ? kExpected : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return threads_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return threads_.steps(); }

 private:
  std::size_t armed_;
  SeizedThreads threads_;
  std::size_t told_;
  std::array<std::uint64_t, 2> readings_{};
  bool notified_ = false;
};

inline const Registration<ThreadsSigcont> kThreadsSigcont;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_THREADS_SIGCONT_H_
