// SPDX-License-Identifier: GPL-2.0-only
// floor/clock: nothing between the two clock reads.
#ifndef RETRAP_SCENARIOS_FLOOR_CLOCK_H_
#define RETRAP_SCENARIOS_FLOOR_CLOCK_H_

#include "scenarios/family.h"

namespace retrap {

class FloorClock {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "floor/clock",
      .help = "two clock reads, nothing between them",
      .is_floor = true,
      .has_partner = false};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit FloorClock(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept { return kExpected; }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Steps steps_;
};

inline const Registration<FloorClock> kFloorClock;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FLOOR_CLOCK_H_
