// SPDX-License-Identifier: GPL-2.0-only
#include "core/sys/affinity.h"

#include <sched.h>

#include <memory>

#include "core/sys/check.h"

namespace retrap {
namespace {

constexpr int kMostCpus = 8192;  // NR_CPUS_RANGE_END of x86

struct FreeSet {
  void operator()(cpu_set_t* set) const { CPU_FREE(set); }
};

using CpuSet = std::unique_ptr<cpu_set_t, FreeSet>;

CpuSet empty_set() {
  CpuSet set(CPU_ALLOC(kMostCpus));
  if (!set) throw_errno(ENOMEM, "CPU_ALLOC");
  CPU_ZERO_S(CPU_ALLOC_SIZE(kMostCpus), set.get());
  return set;
}

void allow_cpus(const std::vector<int>& cpus, pid_t tid) {
  const std::size_t size = CPU_ALLOC_SIZE(kMostCpus);
  const CpuSet set = empty_set();
  for (const int cpu : cpus) {
    if (cpu < 0 || cpu >= kMostCpus) throw_errno(EINVAL, "sched_setaffinity");
    CPU_SET_S(static_cast<std::size_t>(cpu), size, set.get());
  }
  check_unix(::sched_setaffinity(tid, size, set.get()), "sched_setaffinity");
}

}  // namespace

std::vector<int> allowed_cpus() {
  const std::size_t size = CPU_ALLOC_SIZE(kMostCpus);
  const CpuSet set = empty_set();
  check_unix(::sched_getaffinity(0, size, set.get()), "sched_getaffinity");
  std::vector<int> cpus;
  for (int cpu = 0; cpu < kMostCpus; ++cpu)
    if (CPU_ISSET_S(static_cast<std::size_t>(cpu), size, set.get()))
      cpus.push_back(cpu);
  return cpus;
}

void allow_cpus(const std::vector<int>& cpus) { allow_cpus(cpus, 0); }

void pin_to_cpu(int cpu) { allow_cpus({cpu}, 0); }

void pin_to_cpu(int cpu, pid_t tid) { allow_cpus({cpu}, tid); }

}  // namespace retrap
