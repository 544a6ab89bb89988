// SPDX-License-Identifier: GPL-2.0-only
// race/sigcont-interrupt: SIGCONT to a group-stopped tracee whose tracer waits
// for news, and PTRACE_INTERRUPT before the report is there. The tracer passes
// every stop until SIGCONT is delivered; `reports` counts the STOP traps,
// `told` is when it had the first. Which of the two an INTERRUPT meets, a
// tracee that waits or one on its way, decides how many there are (rules ML23,
// AR15, PN24).
#ifndef RETRAP_SCENARIOS_RACE_INTERRUPT_H_
#define RETRAP_SCENARIOS_RACE_INTERRUPT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class RaceInterrupt {
 public:
  static constexpr std::array<std::string_view, 1> kStages = {"told"};
  static constexpr std::array<std::string_view, 1> kTallies = {"reports"};
  static constexpr FamilyInfo kFamily{
      .name = "race/sigcont-interrupt",
      .help =
          "SIGCONT and at once PTRACE_INTERRUPT, until SIGCONT is delivered",
      .stages = kStages,
      .tallies = kTallies};
  static constexpr WaitStatus kExpected = signal_stop(SIGCONT);

  explicit RaceInterrupt(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    readings_[1] = 0;
    if (delivered_ && !steps().cont()) return false;
    delivered_ = true;  // after fire()
    return tracee_.asleep() && tracee_.stop() && tracee_.watch();
  }

  WaitStatus fire() noexcept {
    if (!steps().kill(SIGCONT) || !steps().interrupt()) return kCallFailed;
    for (;;) {
      const WaitStatus stop = steps().wait();
      if (event_of(stop) != kEventStop) return stop;
      if (readings_[1] == 0) readings_[0] = RawClock::now();
      ++readings_[1];
      if (!tracee_.pass(stop)) return kCallFailed;
    }
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  std::array<std::uint64_t, 2> readings_{};
  bool delivered_ = false;
};

inline const Registration<RaceInterrupt> kRaceInterrupt;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_RACE_INTERRUPT_H_
