// SPDX-License-Identifier: GPL-2.0-only
// inspect/registers: the tracer wants the registers of a group-stopped tracee
// whose news it waits for, and then waits again.
//
// PTRACE_GETREGSET needs a tracee that does not wait: so PTRACE_INTERRUPT, its
// report, PTRACE_GETREGSET, and the request that waits. async-retrap has no
// such state: PTRACE_GETREGSET alone.
#ifndef RETRAP_SCENARIOS_INSPECT_REGISTERS_H_
#define RETRAP_SCENARIOS_INSPECT_REGISTERS_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class InspectRegisters {
 public:
  static constexpr std::array<std::string_view, 1> kStages = {"read"};
  static constexpr FamilyInfo kFamily{
      .name = "inspect/registers",
      .help = "registers of a tracee in group-stop, waiting before and after",
      .stages = kStages};
  static constexpr WaitStatus kExpected = stop_trap(SIGSTOP);

  explicit InspectRegisters(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (waiting_) return steps().trapped_and_quiet();
    waiting_ = true;  // after fire() too
    return tracee_.asleep() && tracee_.stop() && tracee_.watch();
  }

  WaitStatus fire() noexcept {
    const bool has_read =
        tracee_.stop_waiting(SIGSTOP) && steps().getregset(registers_);
    read_[0] = RawClock::now();
    return has_read && waits_again() ? kExpected : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return read_;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  bool waits_again() noexcept {
    return tracee_.interface() == Interface::kAsyncRetrap || tracee_.ask(true);
  }

  SeizedTracee tracee_;
  Registers registers_{};
  std::array<std::uint64_t, 1> read_{};
  bool waiting_ = false;
};

inline const Registration<InspectRegisters> kInspectRegisters;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_INSPECT_REGISTERS_H_
