// SPDX-License-Identifier: GPL-2.0-only
// The two requests that make a task a tracee.
#ifndef RETRAP_SCENARIOS_ATTACH_H_
#define RETRAP_SCENARIOS_ATTACH_H_

#include "core/ptrace/wait_status.h"
#include "scenarios/steps.h"

namespace retrap {

enum class Attach { kAttach, kSeize };

// What a tracer that stops by it waits for.
constexpr WaitStatus first_stop(Attach how) noexcept {
  return how == Attach::kSeize ? stop_trap(SIGTRAP) : signal_stop(SIGSTOP);
}

// ATTACH stops by itself, by a SIGSTOP; SEIZE needs PTRACE_INTERRUPT.
inline bool attach_and_stop(Steps& task, Attach how) noexcept {
  return how == Attach::kSeize ? task.seize() && task.interrupt()
                               : task.attach();
}

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ATTACH_H_
