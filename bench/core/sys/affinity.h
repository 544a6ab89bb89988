// SPDX-License-Identifier: GPL-2.0-only
// Which CPUs the caller may run on, and moving it to one.
#ifndef RETRAP_CORE_SYS_AFFINITY_H_
#define RETRAP_CORE_SYS_AFFINITY_H_

#include <sys/types.h>

#include <vector>

namespace retrap {

// In ascending order.
std::vector<int> allowed_cpus();

// The calling thread; on return it runs on one of them.
void allow_cpus(const std::vector<int>& cpus);
void pin_to_cpu(int cpu);
// Thread `tid` of any process, wherever it sleeps: it wakes up there.
void pin_to_cpu(int cpu, pid_t tid);

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_AFFINITY_H_
