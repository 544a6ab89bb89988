// SPDX-License-Identifier: GPL-2.0-only
// tracer/wait/{spin,spin-yield,sleep}: a tracer that asks again and again. From
// PTRACE_INTERRUPT of a sleeping tracee until WNOHANG finds it trapped.
//
//   spin        wait4(-1, WNOHANG) at once again. On the tracee's CPU it keeps
//               the tracee from running, for a time slice: it is measured only
//               where it is named
//   spin-yield  the same with sched_yield(2) in between
//   sleep       wait4(pid, WNOHANG), and a sleep of so many us in between. In
//               exact mode the clock jumps over the sleeps
//
// How often it found nothing is the tally `empty`.
#ifndef RETRAP_SCENARIOS_TRACER_WAIT_POLL_H_
#define RETRAP_SCENARIOS_TRACER_WAIT_POLL_H_

#include <sched.h>
#include <sys/wait.h>
#include <time.h>

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "scenarios/tracer_wait.h"

namespace retrap {

class WayToPoll : public WayToWait {
 public:
  static constexpr std::array<std::string_view, 1> kTallies = {"empty"};

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return empty_;
  }

 protected:
  template <typename Pause>
  WaitStatus poll(Steps& steps, pid_t whom, Pause pause) noexcept {
    for (empty_[0] = 0;; ++empty_[0]) {
      int word = 0;
      const pid_t got = ::wait4(whom, &word, __WALL | WNOHANG, nullptr);
      if (got == steps.pid()) return WaitStatus(word);
      if (got != 0) {
        steps.call_failed("wait4, of another or");
        return kCallFailed;
      }
      pause();
    }
  }

 private:
  std::array<std::uint64_t, 1> empty_{};
};

struct Spin : WayToPoll {
  static constexpr std::string_view kName = "tracer/wait/spin";
  static constexpr std::string_view kHelp = "wait4(-1, WNOHANG) in a loop";
  static constexpr std::array kParameters = {
      Parameter{"tracees", 1, 2000, {}}};  // a slice a sample: not usual
  Spin(const CellConfig&, pid_t) {}
  WaitStatus wait(Steps& steps) noexcept {
    return poll(steps, -1, [] {});
  }
};

struct SpinYield : WayToPoll {
  static constexpr std::string_view kName = "tracer/wait/spin-yield";
  static constexpr std::string_view kHelp =
      "wait4(-1, WNOHANG) and sched_yield in a loop";
  SpinYield(const CellConfig&, pid_t) {}
  WaitStatus wait(Steps& steps) noexcept {
    return poll(steps, -1, [] { (void)::sched_yield(); });
  }
};

class SleepAndLook : public WayToPoll {
 public:
  static constexpr std::string_view kName = "tracer/wait/sleep";
  static constexpr std::string_view kHelp =
      "WNOHANG, and sleeps of so many us in between";
  static constexpr std::array kUsual = {50, 1000};
  static constexpr std::array kParameters = {
      Parameter{"us", 1, 10'000, kUsual}};
  static int tracees(const CellConfig&) { return 1; }

  SleepAndLook(const CellConfig& config, pid_t)
      : pause_{.tv_sec = 0, .tv_nsec = config.arguments.at(0) * 1000L} {}
  WaitStatus wait(Steps& steps) noexcept {
    return poll(steps, steps.pid(),
                [this] { (void)::nanosleep(&pause_, nullptr); });
  }

 private:
  timespec pause_;
};

inline const Registration<TracerWait<Spin>> kWaitSpin;
inline const Registration<TracerWait<SpinYield>> kWaitSpinYield;
inline const Registration<TracerWait<SleepAndLook>> kWaitSleep;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_WAIT_POLL_H_
