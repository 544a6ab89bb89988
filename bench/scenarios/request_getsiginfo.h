// SPDX-License-Identifier: GPL-2.0-only
// request/getsiginfo: PTRACE_GETSIGINFO of a tracee in group-stop, with nothing
// going on. With async-retrap it also acknowledges.
//
// ptrace_check_attach(), ptrace_getsiginfo(), ptrace_unfreeze_traced().
#ifndef RETRAP_SCENARIOS_REQUEST_GETSIGINFO_H_
#define RETRAP_SCENARIOS_REQUEST_GETSIGINFO_H_

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class RequestGetsiginfo {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "request/getsiginfo",
      .help = "PTRACE_GETSIGINFO of a tracee in group-stop"};
  static constexpr WaitStatus kExpected{};  // no wait

  explicit RequestGetsiginfo(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (!stopped_ && !(tracee_.asleep() && tracee_.stop())) return false;
    stopped_ = true;
    return steps().trapped_and_quiet();
  }

  WaitStatus fire() noexcept {
    return steps().getsiginfo(info_) ? kExpected : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  SeizedTracee tracee_;
  siginfo_t info_{};
  bool stopped_ = false;
};

inline const Registration<RequestGetsiginfo> kRequestGetsiginfo;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_REQUEST_GETSIGINFO_H_
