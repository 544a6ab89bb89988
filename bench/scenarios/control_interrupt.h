// SPDX-License-Identifier: GPL-2.0-only
// control/trigger:interrupt/turns:N: trap/trigger:interrupt, and N turns
// of a busy loop of the tracer between the trigger and the wait.
//
// What it adds is known, so it shows what a machine finds: N = 0 must be the
// same as trap/trigger:interrupt, and N turns must be dearer by what N turns
// take.
#ifndef RETRAP_SCENARIOS_CONTROL_INTERRUPT_H_
#define RETRAP_SCENARIOS_CONTROL_INTERRUPT_H_

#include <array>
#include <cstdint>

#include "core/measure/nops.h"
#include "scenarios/family.h"
#include "scenarios/trap_interrupt.h"

namespace retrap {

class ControlInterrupt : public TrapInterrupt {
 public:
  static constexpr std::array kUsualTurns = {0, 100};
  static constexpr std::array kParameters = {
      Parameter{"turns", 0, 100'000, kUsualTurns}};
  static constexpr FamilyInfo kFamily{
      .name = "control/trigger:interrupt",
      .help = "trap/trigger:interrupt and so many turns of a loop",
      .parameters = kParameters};

  explicit ControlInterrupt(const CellConfig& config)
      : TrapInterrupt(config),
        turns_(static_cast<std::uint32_t>(config.arguments.at(0))) {}

  WaitStatus fire() noexcept {
    if (!steps().interrupt()) return kCallFailed;
    spin(turns_);
    return steps().wait();
  }

 private:
  std::uint32_t turns_;
};

inline const Registration<ControlInterrupt> kControlInterrupt;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_CONTROL_INTERRUPT_H_
