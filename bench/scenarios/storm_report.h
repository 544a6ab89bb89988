// SPDX-License-Identifier: GPL-2.0-only
// storm/report/per-ms:R/flips:F: a tracer that waits for news, takes each
// report and waits again, while another process flips the group F times, R
// times a millisecond (0: without a rest). From the first flip to the report
// that the tracer has when the last SIGCONT is sent or about to be; `reports`
// counts them.
//
// No thread dequeues SIGSTOP, as the only one is in a trap: each flip is one
// event, its SIGCONT. Several before a report are one report.
#ifndef RETRAP_SCENARIOS_STORM_REPORT_H_
#define RETRAP_SCENARIOS_STORM_REPORT_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"
#include "scenarios/storm.h"

namespace retrap {

class StormReport {
 public:
  static constexpr std::array<std::string_view, 1> kTallies = {"reports"};
  static constexpr FamilyInfo kFamily{
      .name = "storm/report",
      .help =
          "all reports of so many SIGSTOPs and SIGCONTs, waited for in turn",
      .parameters = Storm::kParameters,
      .tallies = kTallies};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit StormReport(const CellConfig& config)
      : tracee_(config), storm_(config, tracee_.steps().pid()) {}

  bool arm() noexcept {
    if (!storm_.asleep()) return steps().failed_as(storm_.steps());
    if (fired_ && !tracee_.resume_from_storm()) return false;
    fired_ = true;
    return tracee_.asleep() && tracee_.stop() && tracee_.watch();
  }

  // A SIGCONT that is not yet counted is still to be sent, and brings a report.
  WaitStatus fire() noexcept {
    reports_[0] = 0;
    storm_.let_go();
    for (;;) {
      const WaitStatus status = steps().wait();
      if (status != kExpected) return status;
      ++reports_[0];
      if (storm_.is_at_its_last()) return status;
      if (!tracee_.ask(false)) return kCallFailed;
    }
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return reports_;
  }
  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  Storm storm_;
  std::array<std::uint64_t, 1> reports_{};
  bool fired_ = false;
};

inline const Registration<StormReport> kStormReport;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_STORM_REPORT_H_
