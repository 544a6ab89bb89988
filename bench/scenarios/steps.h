// SPDX-License-Identifier: GPL-2.0-only
// What a scenario does to its tracee, one step at a time.
//
// Every step is noexcept and returns false when it did not go as it should;
// the first such step is remembered. Chain them with &&.
#ifndef RETRAP_SCENARIOS_STEPS_H_
#define RETRAP_SCENARIOS_STEPS_H_

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <optional>

#include "core/ptrace/task_state.h"
#include "core/ptrace/uapi.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/failure.h"

namespace retrap {

// The system call that sleep_in_pause() sleeps in: arm64 has no pause.
#ifdef SYS_pause
inline constexpr long kPauseSyscall = SYS_pause;
#else
inline constexpr long kPauseSyscall = SYS_ppoll;
#endif

// The general registers, as PTRACE_GETREGSET has them.
using Registers = user_regs_struct;

// What fire() returns when a call failed, a wait or another.
inline constexpr WaitStatus kCallFailed = kWaitFailed;

enum class Answer { kYes, kNotYet, kFailed };

class Steps {
 public:
  Steps() = default;  // a scenario without a second end
  Steps(pid_t pid, bool same_cpu)
      : pid_(pid), same_cpu_(same_cpu), state_(std::in_place, pid) {}

  // The calls of a design: they, and nothing else, use ptrace, kill and wait4.
  bool kill(int sig) noexcept {
    return ::kill(pid_, sig) == 0 || call_failed("kill");
  }
  bool interrupt() noexcept {
    return request(PTRACE_INTERRUPT, "PTRACE_INTERRUPT", nullptr);
  }
  bool listen() noexcept {
    return request(PTRACE_LISTEN, "PTRACE_LISTEN", nullptr);
  }
  bool jobctl_cont() noexcept {
    return request(kRequestJobctlCont, "PTRACE_JOBCTL_CONT", nullptr);
  }
  bool getsiginfo(siginfo_t& info) noexcept {
    return request(PTRACE_GETSIGINFO, "PTRACE_GETSIGINFO", &info);
  }
  bool getregset(Registers& registers) noexcept {
    iovec place{&registers, sizeof registers};
    return ::syscall(SYS_ptrace, PTRACE_GETREGSET, pid_, NT_PRSTATUS, &place) ==
               0 ||
           call_failed("PTRACE_GETREGSET");
  }
  bool cont(int sig = 0) noexcept {
    // ptrace(2) wants the signal where pointers go.
    const auto data = static_cast<std::uintptr_t>(sig);
    // NOLINTNEXTLINE(performance-no-int-to-ptr)
    return request(PTRACE_CONT, "PTRACE_CONT", reinterpret_cast<void*>(data));
  }
  bool resume_to_syscall() noexcept {
    return request(PTRACE_SYSCALL, "PTRACE_SYSCALL", nullptr);
  }
  bool set_options(std::uintptr_t options) noexcept {
    // NOLINTNEXTLINE(performance-no-int-to-ptr): as in cont()
    void* const data = reinterpret_cast<void*>(options);
    return request(PTRACE_SETOPTIONS, "PTRACE_SETOPTIONS", data);
  }
  // The status, or kCallFailed.
  WaitStatus wait(int options = 0) noexcept {
    int word = 0;
    if (::wait4(pid_, &word, __WALL | options, nullptr) == pid_)
      return WaitStatus(word);
    call_failed("wait4");
    return kCallFailed;
  }
  // One look with WNOHANG, and one request; both may come too early: the
  // tracee is on its way to its trap, and the request fails with ESRCH.
  Answer look(WaitStatus& status) noexcept {
    int word = 0;
    const pid_t got = ::wait4(pid_, &word, __WALL | WNOHANG, nullptr);
    if (got == 0) return Answer::kNotYet;
    if (got == pid_) {
      status = WaitStatus(word);
      return Answer::kYes;
    }
    call_failed("wait4");
    return Answer::kFailed;
  }
  Answer try_getsiginfo(siginfo_t& info) noexcept {
    if (::syscall(SYS_ptrace, PTRACE_GETSIGINFO, pid_, nullptr, &info) == 0)
      return Answer::kYes;
    if (errno == ESRCH) return Answer::kNotYet;
    call_failed("PTRACE_GETSIGINFO");
    return Answer::kFailed;
  }
  // WNOHANG among all children, none of whom may have news: 0.
  WaitStatus find_no_news() noexcept {
    int word = 0;
    const pid_t got = ::wait4(-1, &word, WNOHANG, nullptr);
    if (got == 0) return WaitStatus{};
    if (got == -1)
      call_failed("wait4");
    else
      unexpected_stop(WaitStatus(word), WaitStatus{});
    return kCallFailed;
  }
  // Among all children; it must be this one that has news.
  WaitStatus wait_among_all(int options) noexcept {
    int word = 0;
    const pid_t got = ::wait4(-1, &word, options, nullptr);
    if (got == pid_) return WaitStatus(word);
    if (got == -1)
      call_failed("wait4");
    else
      fail({.outcome = Outcome::kUnexpectedStop,
            .what = "wait4 found another child"});
    return kCallFailed;
  }
  bool wait_for(WaitStatus expected, int options = 0) noexcept {
    const WaitStatus status = wait(options);
    return status == expected || unexpected_stop(status, expected);
  }

  // Checks of the start state, by task_state.h; they leave no trace in the
  // counts. Asleep: in that system call, off its CPU, with nothing to report.
  bool asleep_in(long syscall) noexcept;
  // Stopped under ptrace and with nothing to report.
  bool trapped_and_quiet() noexcept;
  // In a syscall-exit-stop, by PTRACE_GET_SYSCALL_INFO.
  bool at_syscall_exit() noexcept;

  // The failures of these steps, and those a scenario finds itself. All
  // return false.
  bool call_failed(const char* what) noexcept;
  bool unexpected_stop(WaitStatus status, WaitStatus expected) noexcept;
  bool not_reached(const char* what) noexcept;
  // What another's step failed at; this one stands for all of them.
  bool failed_as(const Steps& other) noexcept { return fail(other.failure_); }

  [[nodiscard]] const Failure& failure() const noexcept { return failure_; }
  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

 private:
  bool request(long request, const char* name, void* data) noexcept {
    // syscall(2): ptrace(3) does not know PTRACE_JOBCTL_CONT.
    return ::syscall(SYS_ptrace, request, pid_, nullptr, data) == 0 ||
           call_failed(name);
  }
  bool fail(const Failure& failure) noexcept;

  pid_t pid_ = 0;
  bool same_cpu_ = false;
  std::optional<TaskState> state_;
  Failure failure_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_STEPS_H_
