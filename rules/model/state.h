// SPDX-License-Identifier: GPL-2.0-only
// What the model knows of a tracee: as much of job control and of ptrace as a
// tracer can tell apart from outside. The words are those of the glossary;
// what the kernel calls it stands beside it.
#ifndef RETRAP_MODEL_STATE_H_
#define RETRAP_MODEL_STATE_H_

#include <array>
#include <compare>
#include <csignal>
#include <cstdint>

namespace retrap::model {

inline constexpr int kMaxThreads = 3;
inline constexpr int kMaxOrders = 2;
inline constexpr int kMaxUserMode = 8;

enum class Phase : std::uint8_t {
  kRunning,
  kTrapped,  // TASK_TRACED
  kStopped,  // TASK_STOPPED: the group-stop of a thread that nobody traces
};

enum class Trap : std::uint8_t { kNone, kStop, kSignalDelivery };

// Signals by number; the model needs none above SIGTSTP.
using SignalSet = std::uint32_t;
constexpr SignalSet mask_of(int sig) { return SignalSet{1} << sig; }
inline constexpr SignalSet kStopSignals = mask_of(SIGSTOP) | mask_of(SIGTSTP);
constexpr bool is_stop(int sig) { return (kStopSignals & mask_of(sig)) != 0; }

struct Thread {
  Phase phase = Phase::kRunning;
  bool is_traced = true;
  // On its way through get_signal(): a trap, a stop or user mode comes next.
  bool is_in_motion = false;
  std::uint8_t injected = 0;   // what PTRACE_CONT delivers, not yet acted on
  std::uint8_t user_mode = 0;  // entries the tracee's counter may show yet
  SignalSet pending = 0;       // by tgkill(2)

  // While trapped.
  Trap trap = Trap::kNone;
  std::uint8_t report = 0;  // the signal a wait returns; 0: nothing (exit_code)
  bool is_hidden = false;   // listening, or PTRACE_JOBCTL_CONT (LISTENING)
  std::uint8_t info_signo = 0;  // siginfo: si_signo,
  std::int32_t info_code = 0;   //   si_code
  bool info_stopped = false;    //   and si_pt_flags & PTRACE_SI_STOPPED

  // Pending, whatever the phase.
  bool is_interrupted = false;   // JOBCTL_TRAP_STOP
  bool must_notify = false;      // JOBCTL_TRAP_NOTIFY
  bool must_stop = false;        // JOBCTL_STOP_PENDING
  bool is_counted = false;       // JOBCTL_STOP_CONSUME
  bool has_dequeued = false;     // JOBCTL_STOP_DEQUEUED
  std::uint8_t stop_signal = 0;  // JOBCTL_STOP_SIGMASK
  bool is_trapping = false;      // JOBCTL_TRAPPING: the gap is hidden
  bool is_frozen = false;        // JOBCTL_PTRACE_FROZEN: a request is served
  bool retrap_is_owed = false;   // JOBCTL_RETRAP, async-retrap only
  bool please_notify = false;    // JOBCTL_PLEASE_NOTIFY, please-notify only

  auto operator<=>(const Thread&) const = default;
};

struct State {
  std::array<Thread, kMaxThreads> thread{};
  std::uint8_t threads = 1;
  bool is_stopped = false;      // SIGNAL_STOP_STOPPED
  std::uint8_t stop_count = 0;  // group_stop_count
  SignalSet pending = 0;        // by kill(2)
  // Signals that another process is about to send, the next one first.
  std::array<std::uint8_t, kMaxOrders> orders{};

  auto operator<=>(const State&) const = default;

  // A group-stop is in effect or in progress.
  [[nodiscard]] bool in_group_stop() const {
    return is_stopped || stop_count > 0;
  }
};

// The tracer may make requests.
inline bool is_at_hand(const Thread& t) {
  return t.is_traced && t.phase == Phase::kTrapped && !t.is_hidden;
}
inline bool has_report(const Thread& t) {
  return is_at_hand(t) && t.report != 0;
}
inline bool in_stop_trap(const Thread& t) {
  return t.phase == Phase::kTrapped && t.trap == Trap::kStop;
}

}  // namespace retrap::model

#endif  // RETRAP_MODEL_STATE_H_
