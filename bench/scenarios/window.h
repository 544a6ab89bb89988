// SPDX-License-Identifier: GPL-2.0-only
// window/TRIGGER-ASK/busy:N/nice:M: how soon after an event the tracer can use
// it without sleeping in a wait. The tracer waits for news of a group-stopped
// tracee. TRIGGER is SIGCONT, or PTRACE_INTERRUPT; ASK is wait4(WNOHANG), or a
// request, PTRACE_GETSIGINFO. The first ASK may find nothing, or ESRCH: then
// the tracer asks again, at same-cpu after sched_yield(2). The stage `first` is
// when the first ASK returned, `early` counts those that came too early.
//
// async-retrap has no such window: both wait in the kernel until the tracee has
// trapped (ptrace_check_attach(), do_wait()). How long that is depends on who
// else runs: N busy loops share the tracee's CPU, and the tracee is as nice as
// M says; 20 is SCHED_IDLE.
#ifndef RETRAP_SCENARIOS_WINDOW_H_
#define RETRAP_SCENARIOS_WINDOW_H_

#include <sched.h>
#include <sys/resource.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/sys/check.h"
#include "core/sys/relax.h"
#include "scenarios/busy_loops.h"
#include "scenarios/family.h"
#include "scenarios/group_stop.h"
#include "scenarios/retrap_interrupt.h"

namespace retrap {

enum class Trigger { kSigcont, kInterrupt };
enum class Ask { kWait, kRequest };

template <Trigger kTrigger, Ask kAsk>
class Window {
  static constexpr bool kSigcont = kTrigger == Trigger::kSigcont;
  static constexpr bool kWaits = kAsk == Ask::kWait;
  static constexpr int kIdle = 20;  // SCHED_IDLE, beyond all nice values

 public:
  static constexpr std::array kAlone = {0};
  static constexpr std::array kParameters = {Parameter{"busy", 0, 64, kAlone},
                                             Parameter{"nice", 0, 20, kAlone}};
  static constexpr std::array<std::string_view, 1> kStages = {"first"};
  static constexpr std::array<std::string_view, 1> kTallies = {"early"};
  static constexpr FamilyInfo kFamily{
      .name =
          kSigcont
              ? (kWaits ? "window/sigcont-wait" : "window/sigcont-request")
              : (kWaits ? "window/interrupt-wait" : "window/interrupt-request"),
      .help = kSigcont
                  ? (kWaits ? "SIGCONT, then WNOHANG until it finds the report"
                            : "SIGCONT, then GETSIGINFO until it succeeds")
                  : (kWaits ? "INTERRUPT, then WNOHANG until it finds a report"
                            : "INTERRUPT, then GETSIGINFO until it succeeds"),
      .parameters = kParameters,
      .interfaces = kSigcont ? std::span<const Interface>(kInterfaces)
                             : RetrapInterrupt::kWithWaitingState,
      .stages = kStages,
      .tallies = kTallies};
  static constexpr WaitStatus kExpected =
      stop_trap(kSigcont ? SIGTRAP : SIGSTOP);

  explicit Window(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()),
        tracee_(config),
        busy_(config.arguments.at(0), config.ends) {
    be_nice(config.arguments.at(1));
  }

  bool arm() noexcept {
    readings_ = {kNeverReturned, 0};
    busy_.hold();
    if (!(busy_.asleep() || steps().not_reached("a busy loop does not sleep")))
      return false;
    const bool again = fired_;
    fired_ = true;
    if (!(again ? reported_again() : tracee_.asleep() && tracee_.stop()))
      return false;
    if (!tracee_.watch()) return false;
    busy_.let_go();
    return true;
  }

  WaitStatus fire() noexcept {
    if (!(kSigcont ? steps().kill(SIGCONT) : steps().interrupt()))
      return kCallFailed;
    Answer answer = ask();
    readings_[0] = RawClock::now();
    for (; answer == Answer::kNotYet; answer = ask()) {
      ++readings_[1];
      let_it_run();
    }
    return answer == Answer::kYes ? status_ : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return tracee_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracee_.steps(); }

 private:
  Answer ask() noexcept {
    if constexpr (kWaits) return steps().look(status_);
    status_ = kExpected;  // which arm() will wait for
    return steps().try_getsiginfo(info_);
  }
  void let_it_run() const noexcept {
    if (same_cpu_)
      (void)::sched_yield();
    else
      relax();
  }
  void be_nice(int nice) {
    if (nice == kIdle) {
      const sched_param none{};
      check_unix(::sched_setscheduler(steps().pid(), SCHED_IDLE, &none),
                 "SCHED_IDLE for the tracee");
    } else if (nice != 0) {
      check_unix(
          ::setpriority(PRIO_PROCESS, static_cast<id_t>(steps().pid()), nice),
          "setpriority of the tracee");
    }
  }
  // From the trap that fire() ended in to a group-stop that was reported.
  bool reported_again() noexcept {
    if (!kWaits && !steps().wait_for(kExpected)) return false;
    return !kSigcont || (tracee_.resume_from_notification() && tracee_.stop());
  }

  bool same_cpu_;
  SeizedTracee tracee_;
  BusyLoops busy_;
  WaitStatus status_{};
  siginfo_t info_{};
  std::array<std::uint64_t, 2> readings_{};
  bool fired_ = false;
};

inline const Registration<Window<Trigger::kSigcont, Ask::kWait>>
    kWindowSigcontWait;
inline const Registration<Window<Trigger::kSigcont, Ask::kRequest>>
    kWindowSigcontRequest;
inline const Registration<Window<Trigger::kInterrupt, Ask::kWait>>
    kWindowInterruptWait;
inline const Registration<Window<Trigger::kInterrupt, Ask::kRequest>>
    kWindowInterruptRequest;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_WINDOW_H_
