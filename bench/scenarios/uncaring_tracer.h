// SPDX-License-Identifier: GPL-2.0-only
// uncaring/...: a tracer to which job control is nothing, and which answers
// every stop by PTRACE_CONT. With async-retrap it has to acknowledge a STOP
// trap by PTRACE_GETSIGINFO, or the tracee traps for ever.
//
// jobctl: SIGSTOP, its reports, SIGCONT, its reports. CONT of a group-stop
// lets the tracee run in a stopped group, asleep in pause(2).
// sigcont: SIGCONT to a tracee that sleeps and is not stopped.
#ifndef RETRAP_SCENARIOS_UNCARING_TRACER_H_
#define RETRAP_SCENARIOS_UNCARING_TRACER_H_

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class UncaringTracer {
 public:
  static constexpr std::array<std::string_view, 1> kTallies = {"stops"};
  static constexpr WaitStatus kExpected = signal_stop(SIGCONT);

  explicit UncaringTracer(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    stops_[0] = 0;
    return tracee_.asleep();
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return stops_;
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 protected:
  // Sends it, and answers every stop until `last` is answered too.
  bool send(int sig, WaitStatus last) noexcept {
    if (!steps().kill(sig)) return false;
    for (;;) {
      const WaitStatus stop = steps().wait();
      if (stop == kCallFailed) return false;
      if (!is_stop(stop)) return steps().unexpected_stop(stop, last);
      ++stops_[0];
      if (!tracee_.pass(stop)) return false;
      if (stop == last) return true;
    }
  }

 private:
  SeizedTracee tracee_;
  std::array<std::uint64_t, 1> stops_{};
};

class UncaringJobctl : public UncaringTracer {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "uncaring/jobctl",
      .help = "SIGSTOP and SIGCONT, and a tracer that passes every stop",
      .tallies = kTallies};

  using UncaringTracer::UncaringTracer;
  WaitStatus fire() noexcept {
    return send(SIGSTOP, stop_trap(SIGSTOP)) && send(SIGCONT, kExpected)
               ? kExpected
               : kCallFailed;
  }
};

class UncaringSigcont : public UncaringTracer {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "uncaring/sigcont",
      .help = "SIGCONT to a tracee that is not stopped, every stop passed",
      .tallies = kTallies};

  using UncaringTracer::UncaringTracer;
  WaitStatus fire() noexcept {
    return send(SIGCONT, kExpected) ? kExpected : kCallFailed;
  }
};

inline const Registration<UncaringJobctl> kUncaringJobctl;
inline const Registration<UncaringSigcont> kUncaringSigcont;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_UNCARING_TRACER_H_
