// SPDX-License-Identifier: GPL-2.0-only
// What state a child, or a thread of it, is in, asked without disturbing it:
// reads of /proc and peek_wait(), none of the calls whose number is measured.
#ifndef RETRAP_CORE_PTRACE_TASK_STATE_H_
#define RETRAP_CORE_PTRACE_TASK_STATE_H_

#include <sys/types.h>

#include <optional>

#include "core/sys/unique_fd.h"

namespace retrap {

class TaskState {
 public:
  explicit TaskState(pid_t pid);

  // The number of the system call the task sleeps in, and that it is off its
  // CPU: the kernel waits for that (collect_syscall() in lib/syscall.c, by
  // wait_task_inactive()) and prints "running" otherwise.
  [[nodiscard]] std::optional<long> blocked_syscall() const noexcept;

  // The letter of its proc_pid_stat(5): S asleep, t trapped; 0: cannot be
  // read.
  [[nodiscard]] char letter() const noexcept;

  // A wait would return at once.
  [[nodiscard]] bool has_report() const noexcept;

 private:
  pid_t pid_;
  UniqueFd syscall_;
  UniqueFd stat_;
};

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_TASK_STATE_H_
