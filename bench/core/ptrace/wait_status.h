// SPDX-License-Identifier: GPL-2.0-only
// The status word of wait(2), and all that is read off it. Whether a sample
// ended with the right one is judged in scenarios/cell.h.
#ifndef RETRAP_CORE_PTRACE_WAIT_STATUS_H_
#define RETRAP_CORE_PTRACE_WAIT_STATUS_H_

#include <sys/wait.h>

#include <csignal>
#include <iosfwd>

#include "core/ptrace/uapi.h"

namespace retrap {

enum class StopKind {
  kNone,  // not the status of a stopped or dead task
  kExited,
  kKilled,
  kSignalDelivery,  // SD(sig)
  kGroupStop,       // STOP(stop signal)
  kTrapStop,        // STOP(TRAP): no group-stop in effect
  kSyscall,         // with PTRACE_O_TRACESYSGOOD
  kEvent,           // any other PTRACE_EVENT stop
};

// A value type. To the compiler it is an int: the timed region knows no other.
enum class WaitStatus : int {};

// What a wait brings that brings no status. No status is negative.
inline constexpr WaitStatus kWaitFailed{-1};  // errno says why
inline constexpr WaitStatus kNothing{-2};     // none yet: waitpid returned 0
inline constexpr WaitStatus kNoTracee{-3};    // ECHILD

// The statuses of docs/glossary.md: STOP(sig), SD(sig), and their like.
constexpr WaitStatus stopped(int code) noexcept {
  return WaitStatus((code << 8) | 0x7f);
}
constexpr WaitStatus stop_trap(int sig) noexcept {
  return stopped((kEventStop << 8) | sig);
}
constexpr WaitStatus signal_stop(int sig) noexcept { return stopped(sig); }
constexpr WaitStatus event_stop(int event) noexcept {
  return stopped((event << 8) | SIGTRAP);
}
inline constexpr WaitStatus kSyscallStop = stopped(SIGTRAP | 0x80);
inline constexpr WaitStatus kContinued{__W_CONTINUED};
constexpr WaitStatus exited(int code) noexcept { return WaitStatus(code << 8); }
constexpr WaitStatus killed_by(int sig) noexcept { return WaitStatus(sig); }

constexpr int word_of(WaitStatus status) noexcept {
  return static_cast<int>(status);
}
// Not one of kWaitFailed, kNothing and kNoTracee.
constexpr bool is_status(WaitStatus status) noexcept {
  return word_of(status) >= 0;
}
constexpr bool is_stop(WaitStatus status) noexcept {
  return WIFSTOPPED(word_of(status));
}
constexpr int exit_code_of(WaitStatus exited) noexcept {
  return WEXITSTATUS(word_of(exited));
}
constexpr int death_signal_of(WaitStatus killed) noexcept {
  return WTERMSIG(word_of(killed));
}
constexpr int stop_signal_of(WaitStatus stop) noexcept {
  return WSTOPSIG(word_of(stop));
}
// PTRACE_EVENT_*, or 0.
constexpr int event_of(WaitStatus stop) noexcept { return word_of(stop) >> 16; }
// Event and signal as si_code of GETSIGINFO and task->exit_code have them.
constexpr int stop_code_of(WaitStatus stop) noexcept {
  return word_of(stop) >> 8;
}

constexpr bool is_stop_signal(int sig) noexcept {
  return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

constexpr StopKind kind_of(WaitStatus status) noexcept {
  const int word = word_of(status);
  if (!is_status(status)) return StopKind::kNone;
  if (WIFEXITED(word)) return StopKind::kExited;
  if (WIFSIGNALED(word)) return StopKind::kKilled;
  if (!is_stop(status)) return StopKind::kNone;
  const int sig = stop_signal_of(status);
  const int event = event_of(status);
  if (event == kEventStop && sig == SIGTRAP) return StopKind::kTrapStop;
  if (event == kEventStop && is_stop_signal(sig)) return StopKind::kGroupStop;
  if (event != 0) return StopKind::kEvent;
  return status == kSyscallStop ? StopKind::kSyscall
                                : StopKind::kSignalDelivery;
}

// "0x80137f STOP(STOP)"
std::ostream& operator<<(std::ostream& out, WaitStatus status);

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_WAIT_STATUS_H_
