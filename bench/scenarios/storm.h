// SPDX-License-Identifier: GPL-2.0-only
// A process that flips a group: SIGSTOP and SIGCONT, so many times a storm and
// so often a millisecond, or without a rest. It sleeps between storms.
//
// It shares the tracee's CPU: at cross-cpu the tracer has one of its own.
#ifndef RETRAP_SCENARIOS_STORM_H_
#define RETRAP_SCENARIOS_STORM_H_

#include <array>
#include <cstdint>

#include "core/ptrace/tracee.h"
#include "scenarios/cell.h"
#include "scenarios/family.h"
#include "scenarios/floor_futex.h"
#include "scenarios/steps.h"

namespace retrap {

class Storm {
 public:
  static constexpr std::array kUsualRates = {0, 100};
  static constexpr std::array kUsualFlips = {10};
  static constexpr std::array kParameters = {
      Parameter{"per-ms", 0, 1000, kUsualRates},
      Parameter{"flips", 1, 100'000, kUsualFlips}};

  // `config` has the arguments of kParameters.
  Storm(const CellConfig& config, pid_t target);

  // The last storm is over, if there was one.
  bool asleep() noexcept {
    if (storms_ != 0) wait_for(most_);
    return steps_.asleep_in(SYS_futex);
  }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

  void let_go() noexcept;
  // Its SIGCONT is sent after it is counted.
  [[nodiscard]] std::uint32_t flips() const noexcept {
    return words_->pong.load();
  }
  [[nodiscard]] bool is_at_its_last() const noexcept {
    return flips() == most_;
  }
  // Has sent so many of its flips; on one CPU it is given the CPU for that.
  void wait_for(std::uint32_t flips) const noexcept;
  [[nodiscard]] std::uint32_t most() const noexcept { return most_; }

 private:
  void run() noexcept;
  void flip_all() noexcept;

  pid_t target_;
  std::uint64_t period_ns_;  // 0: without a rest
  std::uint32_t most_;
  bool same_cpu_;
  SharedFutexPair words_;  // ping: storms let go, pong: flips of this one
  std::uint32_t storms_ = 0;
  Tracee process_;
  Steps steps_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_STORM_H_
