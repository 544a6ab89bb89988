// SPDX-License-Identifier: GPL-2.0-only
// unasked/...: SIGCONT to a group-stopped tracee whose tracer has its report
// and did not ask for more. async-retrap traps again; the others are silent
// until the tracer resumes.
//
// kill: what the sender pays.
// examined/times:N: N times SIGCONT, each followed by PTRACE_GETREGSET, which
// async-retrap holds up until the tracee has trapped again.
#ifndef RETRAP_SCENARIOS_UNASKED_SIGCONT_H_
#define RETRAP_SCENARIOS_UNASKED_SIGCONT_H_

#include <array>

#include "scenarios/family.h"
#include "scenarios/group_stop.h"

namespace retrap {

class Unasked {
 public:
  static constexpr WaitStatus kExpected{};  // no wait

  explicit Unasked(const CellConfig& config) : tracee_(config) {}

  bool arm() noexcept {
    if (stopped_ && !tracee_.resume_from_stop()) return false;
    stopped_ = true;
    return tracee_.asleep() && tracee_.stop() && leave_it() &&
           steps().trapped_and_quiet();
  }

  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  // async-retrap's report is acknowledged, or the next one says nothing new.
  bool leave_it() noexcept {
    return tracee_.interface() != Interface::kAsyncRetrap || tracee_.ask(true);
  }

  SeizedTracee tracee_;
  bool stopped_ = false;
};

class UnaskedKill : public Unasked {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "unasked/kill",
      .help = "SIGCONT to a tracee in group-stop whose tracer did not ask"};

  using Unasked::Unasked;
  WaitStatus fire() noexcept {
    return steps().kill(SIGCONT) ? kExpected : kCallFailed;
  }
};

class UnaskedExamined : public Unasked {
 public:
  static constexpr std::array kUsualTimes = {1, 10};
  static constexpr std::array kParameters = {
      Parameter{"times", 1, 1000, kUsualTimes}};
  static constexpr FamilyInfo kFamily{
      .name = "unasked/examined",
      .help = "the same so many times, registers read after each",
      .parameters = kParameters};

  explicit UnaskedExamined(const CellConfig& config)
      : Unasked(config), times_(config.arguments.at(0)) {}
  WaitStatus fire() noexcept {
    for (int i = 0; i < times_; ++i)
      if (!steps().kill(SIGCONT) || !steps().getregset(registers_))
        return kCallFailed;
    return kExpected;
  }

 private:
  int times_;
  Registers registers_{};
};

inline const Registration<UnaskedKill> kUnaskedKill;
inline const Registration<UnaskedExamined> kUnaskedExamined;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_UNASKED_SIGCONT_H_
