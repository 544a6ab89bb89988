// SPDX-License-Identifier: GPL-2.0-only
// tracer/wait/...: how a tracer of N sleeping tracees learns that one of them
// trapped. From PTRACE_INTERRUPT of that one until its status is known.
//
//   pid       wait4(pid)
//   pidfd     waitid(P_PIDFD)
//   any       wait4(-1)
//   nothread  wait4(-1, __WNOTHREAD)
//   signalfd  epoll_wait(2), read(2) of the SIGCHLD, wait4(-1, WNOHANG) until
//             it finds nothing: one SIGCHLD may stand for several tracees
//
// The one that traps is the youngest, with -oldest the oldest. With
// -grandchildren the tracees are children of another process, as of a tracer
// that attaches.
//
// do_wait() with do_wait_pid(), or do_wait_thread() and ptrace_do_wait(), which
// call wait_consider_task() on each tracee; wait_task_stopped().
#ifndef RETRAP_SCENARIOS_TRACER_WAIT_H_
#define RETRAP_SCENARIOS_TRACER_WAIT_H_

#include <linux/wait.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <span>
#include <string_view>

#include "core/ptrace/wait_status.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/family.h"
#include "scenarios/sleeping_tracees.h"

namespace retrap {

// How it waits: what a way leaves out is here.
struct WayToWait {
  static constexpr Descent kDescent = Descent::kChildren;
  static constexpr Trapper kTrapper = Trapper::kYoungest;
  static constexpr std::array kUsual = {1, 100};
  static constexpr std::array kParameters = {
      Parameter{"tracees", 1, 2000, kUsual}};
  static constexpr std::span<const std::string_view> kTallies = {};

  static int tracees(const CellConfig& config) {
    return config.arguments.at(0);
  }
  bool arm(Steps&) noexcept { return true; }
  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return {};
  }
};

template <typename Way>
class TracerWait {
 public:
  static constexpr FamilyInfo kFamily{.name = Way::kName,
                                      .help = Way::kHelp,
                                      .parameters = Way::kParameters,
                                      .interfaces = kInNoMode,
                                      .tallies = Way::kTallies};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit TracerWait(const CellConfig& config)
      : tracees_(config, Way::tracees(config), Way::kDescent, Way::kTrapper),
        way_(config, steps().pid()) {}

  bool arm() noexcept {
    if (trapped_ && !steps().cont()) return false;
    trapped_ = true;  // after fire()
    return tracees_.asleep() && way_.arm(steps());
  }
  WaitStatus fire() noexcept {
    return steps().interrupt() ? way_.wait(steps()) : kCallFailed;
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return way_.readings();
  }
  [[nodiscard]] Steps& steps() noexcept { return tracees_.steps(); }
  [[nodiscard]] const Steps& steps() const noexcept { return tracees_.steps(); }

 private:
  SleepingTracees tracees_;
  Way way_;
  bool trapped_ = false;
};

struct WaitForPid : WayToWait {
  static constexpr std::string_view kName = "tracer/wait/pid";
  static constexpr std::string_view kHelp = "wait4(pid), of so many tracees";
  WaitForPid(const CellConfig&, pid_t) {}
  WaitStatus wait(Steps& steps) noexcept { return steps.wait(); }
};

struct WaitForPidfd : WayToWait {
  static constexpr std::string_view kName = "tracer/wait/pidfd";
  static constexpr std::string_view kHelp = "waitid(P_PIDFD), of so many";
  WaitForPidfd(const CellConfig&, pid_t pid)
      : pidfd(static_cast<int>(
            check_unix(::syscall(SYS_pidfd_open, pid, 0), "pidfd_open"))) {}
  WaitStatus wait(Steps& steps) noexcept {
    siginfo_t info{};
    if (::syscall(SYS_waitid, P_PIDFD, pidfd.get(), &info,
                  WSTOPPED | WEXITED | __WALL, nullptr) == 0)
      return info.si_code == CLD_TRAPPED ? stopped(info.si_status)
                                         : killed_by(info.si_status);
    steps.call_failed("waitid");
    return kCallFailed;
  }
  UniqueFd pidfd;
};

template <int kOptions>
struct WaitAmongAll : WayToWait {
  WaitAmongAll(const CellConfig&, pid_t) {}
  WaitStatus wait(Steps& steps) noexcept {
    return steps.wait_among_all(__WALL | kOptions);
  }
};
struct WaitForAny : WaitAmongAll<0> {
  using WaitAmongAll::WaitAmongAll;
  static constexpr std::string_view kName = "tracer/wait/any";
  static constexpr std::string_view kHelp =
      "wait4(-1): the youngest of so many";
};
struct WaitForOldest : WaitAmongAll<0> {
  using WaitAmongAll::WaitAmongAll;
  static constexpr std::string_view kName = "tracer/wait/any-oldest";
  static constexpr std::string_view kHelp = "wait4(-1): the oldest of so many";
  static constexpr Trapper kTrapper = Trapper::kOldest;
};
struct WaitForGrandchild : WaitAmongAll<0> {
  using WaitAmongAll::WaitAmongAll;
  static constexpr std::string_view kName = "tracer/wait/any-grandchildren";
  static constexpr std::string_view kHelp =
      "wait4(-1): the youngest of so many, not children";
  static constexpr Descent kDescent = Descent::kGrandchildren;
};
struct WaitForOldestGrandchild : WaitAmongAll<0> {
  using WaitAmongAll::WaitAmongAll;
  static constexpr std::string_view kName =
      "tracer/wait/any-grandchildren-oldest";
  static constexpr std::string_view kHelp =
      "wait4(-1): the oldest of so many, not children";
  static constexpr Descent kDescent = Descent::kGrandchildren;
  static constexpr Trapper kTrapper = Trapper::kOldest;
};
struct WaitNoThread : WaitAmongAll<__WNOTHREAD> {
  using WaitAmongAll::WaitAmongAll;
  static constexpr std::string_view kName = "tracer/wait/nothread";
  static constexpr std::string_view kHelp =
      "wait4(-1, __WNOTHREAD): the youngest of so many";
};

// SIGCHLD is blocked as long as there is one.
class WaitBySignalfd : public WayToWait {
 public:
  static constexpr std::string_view kName = "tracer/wait/signalfd";
  static constexpr std::string_view kHelp =
      "SIGCHLD by signalfd and epoll, then wait4(-1)";

  WaitBySignalfd(const CellConfig&, pid_t)
      : signals_(check_unix(::signalfd(-1, block(), SFD_CLOEXEC | SFD_NONBLOCK),
                            "signalfd")),
        epoll_(check_unix(::epoll_create1(EPOLL_CLOEXEC), "epoll_create1")) {
    epoll_event in{.events = EPOLLIN, .data = {}};
    check_unix(::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, signals_.get(), &in),
               "EPOLL_CTL_ADD");
  }
  WaitBySignalfd(const WaitBySignalfd&) = delete;
  WaitBySignalfd& operator=(const WaitBySignalfd&) = delete;
  WaitBySignalfd(WaitBySignalfd&&) = delete;
  WaitBySignalfd& operator=(WaitBySignalfd&&) = delete;
  ~WaitBySignalfd() {
    (void)drain();
    (void)::sigprocmask(SIG_SETMASK, &before_, nullptr);
  }

  // Nothing is left of other children.
  bool arm(Steps& steps) noexcept {
    return drain() || steps.call_failed("read of the signalfd");
  }
  WaitStatus wait(Steps& steps) noexcept {
    epoll_event event{};
    signalfd_siginfo info{};
    if (::epoll_wait(epoll_.get(), &event, 1, -1) != 1) {
      steps.call_failed("epoll_wait");
      return kCallFailed;
    }
    if (::read(signals_.get(), &info, sizeof info) != sizeof info) {
      steps.call_failed("read of the signalfd");
      return kCallFailed;
    }
    const WaitStatus status = steps.wait_among_all(__WALL | WNOHANG);
    return steps.find_no_news() == WaitStatus{} ? status : kCallFailed;
  }

 private:
  const sigset_t* block() {
    sigset_t chld;
    sigemptyset(&chld);
    sigaddset(&chld, SIGCHLD);
    check_unix(::sigprocmask(SIG_BLOCK, &chld, &before_), "sigprocmask");
    chld_ = chld;
    return &chld_;
  }
  bool drain() noexcept {
    signalfd_siginfo info{};
    while (::read(signals_.get(), &info, sizeof info) == sizeof info) {
    }
    return errno == EAGAIN;
  }

  sigset_t before_{};
  sigset_t chld_{};
  UniqueFd signals_;
  UniqueFd epoll_;
};

inline const Registration<TracerWait<WaitForPid>> kWaitForPid;
inline const Registration<TracerWait<WaitForPidfd>> kWaitForPidfd;
inline const Registration<TracerWait<WaitForAny>> kWaitForAny;
inline const Registration<TracerWait<WaitForOldest>> kWaitForOldest;
inline const Registration<TracerWait<WaitForGrandchild>> kWaitForGrandchild;
inline const Registration<TracerWait<WaitForOldestGrandchild>>
    kWaitForOldestGrandchild;
inline const Registration<TracerWait<WaitNoThread>> kWaitNoThread;
inline const Registration<TracerWait<WaitBySignalfd>> kWaitBySignalfd;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_WAIT_H_
