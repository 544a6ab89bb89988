// SPDX-License-Identifier: GPL-2.0-only
// Cells for tests: where they run here.
#ifndef RETRAP_TESTS_PTRACE_CELLS_H_
#define RETRAP_TESTS_PTRACE_CELLS_H_

#include <algorithm>
#include <utility>
#include <vector>

#include "core/sys/affinity.h"
#include "scenarios/cell.h"

namespace retrap {

inline bool offered(Interface interface) {
  const auto all = probe_offered();
  return std::ranges::find(all, interface) != all.end();
}

// The test moves to the tracer's CPU.
inline CellConfig same_cpu_cell(std::vector<int> arguments = {}) {
  const int cpu = allowed_cpus().front();
  pin_to_cpu(cpu);
  return {{cpu, cpu}, Interface::kListen, std::move(arguments)};
}

}  // namespace retrap

#endif  // RETRAP_TESTS_PTRACE_CELLS_H_
