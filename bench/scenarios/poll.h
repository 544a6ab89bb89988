// SPDX-License-Identifier: GPL-2.0-only
// Asks until a task has come somewhere; outside of all timed regions.
#ifndef RETRAP_SCENARIOS_POLL_H_
#define RETRAP_SCENARIOS_POLL_H_

#include <sched.h>
#include <sys/types.h>

#include "core/ptrace/patience.h"
#include "core/sys/relax.h"

namespace retrap {

// False when `pid` had its chance (patience.h).
template <typename Done>
bool poll_until(pid_t pid, bool same_cpu, Done done) noexcept {
  Patience patience(pid);
  while (!done()) {
    if (!patience.lasts()) return false;
    if (same_cpu)
      (void)::sched_yield();
    else
      relax();
  }
  return true;
}

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_POLL_H_
