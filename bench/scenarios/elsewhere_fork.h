// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/{,v}fork-exit-wait and elsewhere/{,v}fork-exec-exit-wait: a child
// that does nothing, from its birth to its exit status. vfork leaves out the
// copy of the page tables, nine tenths of fork and most of what varies in it.
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

#include <cerrno>
#include <csignal>
#include <filesystem>

#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"

namespace retrap {

// What the child exits with here, and retrap-nop: not 0, as a forgotten status.
inline constexpr int kNopExit = 7;

// Without libc's fork handlers; the order of the other arguments of clone(2)
// depends on the architecture, and they are all 0.
inline pid_t fork_plainly() noexcept {
  return static_cast<pid_t>(
      ::syscall(SYS_clone, SIGCHLD, nullptr, nullptr, nullptr, nullptr));
}

template <typename Body>
class ForkWait {
 public:
  static constexpr WaitStatus kExpected = exited(kNopExit);

  static const char* missing() noexcept { return missing_for<Body>(); }

  explicit ForkWait(const CellConfig&) {}
  bool arm() noexcept { return true; }
  WaitStatus fire() noexcept {
    const pid_t pid = fork_plainly();
    if (pid == 0) body_();
    return reap(pid);
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 protected:
  WaitStatus reap(pid_t pid) noexcept {
    int word = 0;
    if (pid > 0 && ::wait4(pid, &word, 0, nullptr) == pid)
      return WaitStatus(word);
    steps_.call_failed(pid > 0 ? "wait4" : "clone");
    return kCallFailed;
  }

  Body body_;

 private:
  Steps steps_;
};

template <typename Body>
class VforkWait : public ForkWait<Body> {
 public:
  using ForkWait<Body>::ForkWait;
  WaitStatus fire() noexcept {
    const pid_t pid = ::vfork();  // NOLINT: the child exits or executes
    if (pid == 0) this->body_();  // NOLINT: the same
    return this->reap(pid);
  }
};

struct ExitAtOnce {
  [[noreturn]] void operator()() const noexcept { ::_exit(kNopExit); }
};

// retrap-nop lies beside the running program; it is opened before.
class ExecNop {
 public:
  static const char* missing() noexcept {
    const bool has = execute(-1) != -1 || errno != ENOSYS;
    return has ? nullptr : "execveat(2)";
  }

  ExecNop() : program_(open_beside("retrap-nop")) {}

  [[noreturn]] void operator()() const noexcept {
    (void)execute(program_.get());
    ::_exit(127);  // as a shell does; the parent sees it
  }

 private:
  // Does not return when there is such a file.
  static long execute(int fd) noexcept {
    static char name[] = "retrap-nop";
    static char* const argv[] = {name, nullptr};
    return ::syscall(SYS_execveat, fd, "", argv, argv + 1, AT_EMPTY_PATH);
  }
  static UniqueFd open_beside(const char* name) {
    const auto path =
        std::filesystem::read_symlink("/proc/self/exe").replace_filename(name);
    return UniqueFd(
        check_unix(::open(path.c_str(), O_PATH | O_CLOEXEC), path.c_str()));
  }

  UniqueFd program_;
};

constexpr FamilyInfo fork_family(std::string_view name, std::string_view help) {
  return {.name = name,
          .help = help,
          .interfaces = kInNoMode,
          .has_partner = false};
}

struct ForkExitWait : ForkWait<ExitAtOnce> {
  using ForkWait::ForkWait;
  static constexpr FamilyInfo kFamily =
      fork_family("elsewhere/fork-exit-wait", "a child that exits at once");
};
struct ForkExecExitWait : ForkWait<ExecNop> {
  using ForkWait::ForkWait;
  static constexpr FamilyInfo kFamily = fork_family(
      "elsewhere/fork-exec-exit-wait", "a child that runs a static program");
};
struct VforkExitWait : VforkWait<ExitAtOnce> {
  using VforkWait::VforkWait;
  static constexpr FamilyInfo kFamily =
      fork_family("elsewhere/vfork-exit-wait", "the same by vfork(2)");
};
struct VforkExecExitWait : VforkWait<ExecNop> {
  using VforkWait::VforkWait;
  static constexpr FamilyInfo kFamily =
      fork_family("elsewhere/vfork-exec-exit-wait", "the same by vfork(2)");
};

inline const Registration<ForkExitWait> kForkExitWait;
inline const Registration<ForkExecExitWait> kForkExecExitWait;
inline const Registration<VforkExitWait> kVforkExitWait;
inline const Registration<VforkExecExitWait> kVforkExecExitWait;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_FORK_H_
