// SPDX-License-Identifier: GPL-2.0-only
// Runs retrap-bench.
#ifndef RETRAP_TESTS_PTRACE_PROGRAM_H_
#define RETRAP_TESTS_PTRACE_PROGRAM_H_

#include <sys/types.h>

#include <string>
#include <vector>

namespace retrap {

struct Output {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// To its end.
Output run_bench(const std::vector<std::string>& arguments);

// Only starts it, with its output thrown away.
pid_t start_bench(const std::vector<std::string>& arguments);

// Children of a process, by /proc.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace retrap

#endif  // RETRAP_TESTS_PTRACE_PROGRAM_H_
