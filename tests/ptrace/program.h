// SPDX-License-Identifier: GPL-2.0-only
// Runs retrap-bench.
#ifndef RETRAP_TESTS_PTRACE_PROGRAM_H_
#define RETRAP_TESTS_PTRACE_PROGRAM_H_

#include <sys/types.h>

#include <functional>
#include <string>
#include <vector>

namespace retrap {

struct Output {
  int exit_code = -1;
  std::string out;
  std::string err;
};

// To its end. `before` runs in the child, before the exec.
Output run_bench(
    const std::vector<std::string>& arguments,
    const std::function<void()>& before = [] {});

// For `before`: the kernel answers that system call with ENOSYS.
std::function<void()> without_syscall(long number);

// Only starts it, with its output thrown away.
pid_t start_bench(const std::vector<std::string>& arguments);

// Children of a process, by /proc.
std::vector<pid_t> children_of(pid_t pid);

}  // namespace retrap

#endif  // RETRAP_TESTS_PTRACE_PROGRAM_H_
