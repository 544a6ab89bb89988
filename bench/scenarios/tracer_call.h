// SPDX-License-Identifier: GPL-2.0-only
// tracer/call/...: what a tracer pays for one call that it intercepts. From a
// stop of a tracee that calls getppid(2) for ever to the same stop of its next
// call, with all stops in between.
//
//   syscall       PTRACE_SYSCALL, entry stop, PTRACE_SYSCALL, exit stop
//   sysemu        PTRACE_SYSEMU, entry stop; the call is not executed
//   seccomp       PTRACE_CONT, stop by SECCOMP_RET_TRACE; the call is executed
//   seccomp-exit  the same, then PTRACE_SYSCALL and the exit stop
//
// At each stop the tracer does nothing more (no suffix), takes the registers
// (-regset), or asks what call it is (-info).
//
// ptrace_resume(), syscall_trace_enter() and syscall_exit_work() with
// ptrace_report_syscall(), ptrace_stop(), wait_task_stopped(); for seccomp
// __seccomp_filter() with seccomp_run_filters(); ptrace_regset(),
// ptrace_get_syscall_info().
#ifndef RETRAP_SCENARIOS_TRACER_CALL_H_
#define RETRAP_SCENARIOS_TRACER_CALL_H_

#include <elf.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <string_view>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/family.h"
#include "scenarios/seccomp_filter.h"

namespace retrap {

enum class Means { kSyscall, kSysemu, kSeccomp, kSeccompExit };
enum class Look { kNone, kRegset, kInfo };

// libc of arm64 may not have it.
inline constexpr long kRequestSysemu = 31;

constexpr bool by_seccomp(Means means) noexcept {
  return means == Means::kSeccomp || means == Means::kSeccompExit;
}

// By means, then by look.
inline constexpr std::array<std::array<std::string_view, 3>, 4> kCallNames = {
    {{"tracer/call/syscall", "tracer/call/syscall-regset",
      "tracer/call/syscall-info"},
     {"tracer/call/sysemu", "tracer/call/sysemu-regset",
      "tracer/call/sysemu-info"},
     {"tracer/call/seccomp", "tracer/call/seccomp-regset",
      "tracer/call/seccomp-info"},
     {"tracer/call/seccomp-exit", "tracer/call/seccomp-exit-regset",
      "tracer/call/seccomp-exit-info"}}};
inline constexpr std::array<std::string_view, 4> kCallHelp = {
    "a call, by its entry and its exit stop", "a call that is not executed",
    "a call, by SECCOMP_RET_TRACE", "the same and the exit stop"};

template <Means kMeans, Look kLook>
class InterceptedCall {
  static constexpr auto kMeansIndex = static_cast<std::size_t>(kMeans);

 public:
  static constexpr FamilyInfo kFamily{
      .name = kCallNames[kMeansIndex][static_cast<std::size_t>(kLook)],
      .help = kCallHelp[kMeansIndex],
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = kMeans == Means::kSeccomp
                                              ? event_stop(PTRACE_EVENT_SECCOMP)
                                              : kSyscallStop;

  static const char* missing() noexcept {
    if constexpr (by_seccomp(kMeans))
      if (!has_seccomp_action(SECCOMP_RET_TRACE))
        return "SECCOMP_RET_TRACE (CONFIG_SECCOMP_FILTER)";
    return nullptr;
  }

  explicit InterceptedCall(const CellConfig& config)
      : tracee_(Tracee::spawn(call_for_ever, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {
    tracee_.seize(Interface::kListen,
                  PTRACE_O_TRACESYSGOOD |
                      (by_seccomp(kMeans) ? PTRACE_O_TRACESECCOMP : 0));
  }

  bool arm() noexcept {
    if (!begun_ && !(stop_first() && is_at_its_stop())) return false;
    begun_ = true;
    return steps_.trapped_and_quiet();
  }

  WaitStatus fire() noexcept {
    if constexpr (kMeans == Means::kSyscall)
      return reach<PTRACE_SYSCALL>(kSyscallStop) ? next<PTRACE_SYSCALL>()
                                                 : kCallFailed;
    else if constexpr (kMeans == Means::kSysemu)
      return next<kRequestSysemu>();
    else if constexpr (kMeans == Means::kSeccomp)
      return next<PTRACE_CONT>();
    else
      return reach<PTRACE_CONT>(event_stop(PTRACE_EVENT_SECCOMP))
                 ? next<PTRACE_SYSCALL>()
                 : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  static void call_for_ever() {
    if constexpr (by_seccomp(kMeans)) filter_getppid(SECCOMP_RET_TRACE, 0);
    for (;;) (void)::syscall(SYS_getppid);
  }

  // The filter stops the tracee by itself. The first status after an INTERRUPT
  // may be of that stop.
  bool stop_first() noexcept {
    const bool stopped =
        by_seccomp(kMeans)
            ? steps_.wait_for(event_stop(PTRACE_EVENT_SECCOMP))
            : steps_.interrupt() && steps_.wait_for(stop_trap(SIGTRAP));
    if (!stopped) return false;
    const WaitStatus status = fire_first();
    return status == kExpected || steps_.unexpected_stop(status, kExpected);
  }
  WaitStatus fire_first() noexcept {
    if constexpr (kMeans == Means::kSeccompExit) return next<PTRACE_SYSCALL>();
    return fire();
  }
  bool is_at_its_stop() noexcept {
    constexpr int kOp = kMeans == Means::kSysemu ? PTRACE_SYSCALL_INFO_ENTRY
                        : kMeans == Means::kSeccomp
                            ? PTRACE_SYSCALL_INFO_SECCOMP
                            : PTRACE_SYSCALL_INFO_EXIT;
    return syscall_info() &&
           (info_.op == kOp ||
            steps_.not_reached("the tracee is in another stop of its call"));
  }

  template <long kRequest>
  WaitStatus next() noexcept {
    if (::syscall(SYS_ptrace, kRequest, steps_.pid(), nullptr, nullptr) != 0) {
      steps_.call_failed("the request that resumes to the next stop");
      return kCallFailed;
    }
    const WaitStatus status = steps_.wait();
    return look() ? status : kCallFailed;
  }
  template <long kRequest>
  bool reach(WaitStatus expected) noexcept {
    const WaitStatus status = next<kRequest>();
    return status == expected || steps_.unexpected_stop(status, expected);
  }

  bool look() noexcept {
    if constexpr (kLook == Look::kRegset) return regset();
    if constexpr (kLook == Look::kInfo) return syscall_info();
    return true;
  }
  bool regset() noexcept {
    iovec where{.iov_base = &registers_, .iov_len = sizeof registers_};
    return ::syscall(SYS_ptrace, PTRACE_GETREGSET, steps_.pid(), NT_PRSTATUS,
                     &where) == 0 ||
           steps_.call_failed("PTRACE_GETREGSET");
  }
  bool syscall_info() noexcept {
    return ::syscall(SYS_ptrace, PTRACE_GET_SYSCALL_INFO, steps_.pid(),
                     sizeof info_, &info_) > 0 ||
           steps_.call_failed("PTRACE_GET_SYSCALL_INFO");
  }

  Tracee tracee_;
  Steps steps_;
  user_regs_struct registers_{};
  __ptrace_syscall_info info_{};
  bool begun_ = false;
};

template <Means kMeans>
struct Looks {
  Registration<InterceptedCall<kMeans, Look::kNone>> none;
  Registration<InterceptedCall<kMeans, Look::kRegset>> regset;
  Registration<InterceptedCall<kMeans, Look::kInfo>> info;
};

inline const Looks<Means::kSyscall> kCallsBySyscall{};
inline const Looks<Means::kSysemu> kCallsBySysemu{};
inline const Looks<Means::kSeccomp> kCallsBySeccomp{};
inline const Looks<Means::kSeccompExit> kCallsBySeccompExit{};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_CALL_H_
