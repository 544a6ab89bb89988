// SPDX-License-Identifier: GPL-2.0-only
// How long a thread was runnable and waited for a CPU.
#ifndef RETRAP_CORE_SYS_CPU_WAIT_H_
#define RETRAP_CORE_SYS_CPU_WAIT_H_

#include <sys/types.h>

#include <chrono>
#include <optional>

namespace retrap {

// Since its start, by the scheduler's own account (/proc/<tid>/schedstat).
// Nothing: it is gone, or the kernel keeps none (CONFIG_SCHED_INFO).
std::optional<std::chrono::nanoseconds> waited_for_cpu(pid_t tid);

// What the caller and `partner`, its child, waited for CPUs that other programs
// had: a wait for each other is not counted.
std::chrono::nanoseconds lost_to_others(pid_t partner);

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_CPU_WAIT_H_
