// SPDX-License-Identifier: GPL-2.0-only
// What a waitpid(2) status of a tracee means.
#ifndef RETRAP_CORE_PTRACE_WAIT_STATUS_H_
#define RETRAP_CORE_PTRACE_WAIT_STATUS_H_

#include <sys/wait.h>

#include <csignal>

#include "core/ptrace/uapi.h"

namespace retrap {

enum class StopKind {
  kRunning,  // not a status of a stopped or dead task
  kExited,
  kKilled,
  kSignalDelivery,  // SD(sig)
  kGroupStop,       // STOP(stop signal)
  kTrapStop,        // STOP(TRAP): no group-stop in effect
  kSyscall,         // with PTRACE_O_TRACESYSGOOD
  kEvent,           // any other PTRACE_EVENT stop
};

constexpr bool is_stop_signal(int sig) noexcept {
  return sig == SIGSTOP || sig == SIGTSTP || sig == SIGTTIN || sig == SIGTTOU;
}

constexpr StopKind classify(int status) noexcept {
  if (WIFEXITED(status)) return StopKind::kExited;
  if (WIFSIGNALED(status)) return StopKind::kKilled;
  if (!WIFSTOPPED(status)) return StopKind::kRunning;
  const int sig = WSTOPSIG(status);
  const int event = status >> 16;
  if (event == kEventStop && sig == SIGTRAP) return StopKind::kTrapStop;
  if (event == kEventStop && is_stop_signal(sig)) return StopKind::kGroupStop;
  if (event != 0) return StopKind::kEvent;
  if (sig == (SIGTRAP | 0x80)) return StopKind::kSyscall;
  return StopKind::kSignalDelivery;
}

// The statuses of docs/glossary.md: STOP(sig) and SD(sig).
constexpr int stop_status(int sig) noexcept {
  return (kEventStop << 16) | (sig << 8) | 0x7f;
}
constexpr int delivery_status(int sig) noexcept { return (sig << 8) | 0x7f; }

static_assert(classify(0) == StopKind::kExited);
static_assert(classify(SIGKILL) == StopKind::kKilled);
static_assert(classify(0x80057f) == StopKind::kTrapStop);
static_assert(classify(0x80137f) == StopKind::kGroupStop);
static_assert(classify(0x137f) == StopKind::kSignalDelivery);
static_assert(classify(0x857f) == StopKind::kSyscall);
static_assert(classify(0x6057f) == StopKind::kEvent);
static_assert(stop_status(SIGTRAP) == 0x80057f);
static_assert(delivery_status(SIGSTOP) == 0x137f);

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_WAIT_STATUS_H_
