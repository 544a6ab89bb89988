// SPDX-License-Identifier: GPL-2.0-only
// storm/request/per-ms:R/flips:F: another process flips the group of a trapped
// tracee F times, R times a millisecond (0: without a rest). After half of the
// flips the tracer makes one request, PTRACE_GETSIGINFO. `met` counts the flips
// from before the request to its return.
//
// mainline, listen-republish and please-notify: the tracee stays in its trap.
// async-retrap: it traps again at each SIGCONT, and a request waits until it
// has (ptrace_check_attach()). F bounds how long a sample can take.
#ifndef RETRAP_SCENARIOS_STORM_REQUEST_H_
#define RETRAP_SCENARIOS_STORM_REQUEST_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"
#include "scenarios/storm.h"

namespace retrap {

class StormRequest {
 public:
  static constexpr std::array<std::string_view, 1> kTallies = {"met"};
  static constexpr FamilyInfo kFamily{
      .name = "storm/request",
      .help = "GETSIGINFO while SIGSTOP and SIGCONT come, so many a ms",
      .parameters = Storm::kParameters,
      .tallies = kTallies};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit StormRequest(const CellConfig& config)
      : tracee_(config), storm_(config, tracee_.steps().pid()) {}

  bool arm() noexcept {
    if (!storm_.asleep()) return steps().failed_as(storm_.steps());
    if (fired_ && !tracee_.resume_from_storm()) return false;
    fired_ = true;
    if (!tracee_.asleep() || !tracee_.stop() || !tracee_.acknowledge(true) ||
        !steps().trapped_and_quiet())
      return false;
    storm_.let_go();
    storm_.wait_for((storm_.most() + 1) / 2);
    return true;
  }

  WaitStatus fire() noexcept {
    const std::uint32_t before = storm_.flips();
    const bool answered = steps().getsiginfo(info_);
    met_[0] = storm_.flips() - before;
    return answered ? kExpected : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return met_;
  }
  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  Storm storm_;
  siginfo_t info_{};
  std::array<std::uint64_t, 1> met_{};
  bool fired_ = false;
};

inline const Registration<StormRequest> kStormRequest;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_STORM_REQUEST_H_
