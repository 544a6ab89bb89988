// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/fork-exit-wait and elsewhere/fork-exec-exit-wait: a child that
// does nothing, from its birth to its exit status.
//
// copy_process() with ptrace_init_task(), for exec begin_new_exec(), then
// do_exit() with exit_ptrace() and exit_notify(), wait_task_zombie(),
// release_task() with ptrace_release_task().
#ifndef RETRAP_SCENARIOS_ELSEWHERE_FORK_H_
#define RETRAP_SCENARIOS_ELSEWHERE_FORK_H_

#include <fcntl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/cell.h"

namespace retrap {

// What the child exits with here, and retrap-nop: not 0, as a forgotten status.
inline constexpr int kNopExit = 7;

template <typename Body>
class ForkWait {
 public:
  static constexpr int kExpected = kNopExit << 8;

  explicit ForkWait(const CellConfig&) {}
  bool arm() noexcept { return true; }

  // clone(2) without libc's fork handlers; with no other argument its order,
  // which depends on the architecture, does not matter.
  int fire() noexcept {
    const auto pid = static_cast<pid_t>(
        ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
    if (pid == 0) body_();
    int status = 0;
    if (pid > 0 && ::wait4(pid, &status, 0, nullptr) == pid) return status;
    steps_.call_failed(pid > 0 ? "wait4" : "clone");
    return kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Body body_;
  Steps steps_;
};

struct ExitAtOnce {
  [[noreturn]] void operator()() const noexcept { ::_exit(kNopExit); }
};

// retrap-nop lies beside the running program; it is opened before.
class ExecNop {
 public:
  ExecNop() : program_(open_beside("retrap-nop")) {}

  [[noreturn]] void operator()() const noexcept {
    static char name[] = "retrap-nop";
    static char* const argv[] = {name, nullptr};
    (void)::syscall(SYS_execveat, program_.get(), "", argv, argv + 1,
                    AT_EMPTY_PATH);
    ::_exit(127);  // as a shell does; the parent sees it
  }

 private:
  static UniqueFd open_beside(const char* name) {
    const auto path =
        std::filesystem::read_symlink("/proc/self/exe").replace_filename(name);
    return UniqueFd(
        check_unix(::open(path.c_str(), O_PATH | O_CLOEXEC), path.c_str()));
  }

  UniqueFd program_;
};

using ForkExitWait = ForkWait<ExitAtOnce>;
using ForkExecExitWait = ForkWait<ExecNop>;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_FORK_H_
