// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/wait/...:N: wait4(-1) in a process with N sleeping children.
//
// nohang: a scan that finds nothing. blocking: the youngest child is stopped,
// so that the scan passes all others, sleeps, and after the wakeup passes them
// again. Both are do_wait_thread() calling wait_consider_task() on each child;
// with WUNTRACED also wait_task_stopped() and its task_stopped_code().
//
// tracees-...: the children are seized, and the youngest traps rather than
// stops. ptrace_do_wait() then looks at each as well, and every look goes into
// wait_task_stopped().
#ifndef RETRAP_SCENARIOS_ELSEWHERE_WAIT_H_
#define RETRAP_SCENARIOS_ELSEWHERE_WAIT_H_

#include <sys/wait.h>

#include <array>
#include <csignal>
#include <exception>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/family.h"

namespace retrap {

enum class Kin { kChildren, kTracees };

class SleepingChildren {
 public:
  SleepingChildren(int count, Kin kin, const Ends& ends)
      : same_cpu_(ends.same_cpu()) {
    children_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      children_.push_back(Tracee::spawn(sleep_in_pause, ends.tracee_cpu));
      if (kin == Kin::kTracees) children_.back().seize(Interface::kListen);
    }
    youngest_.emplace(children_.back().pid(), same_cpu_);
  }

  [[nodiscard]] Steps& youngest() noexcept { return *youngest_; }
  [[nodiscard]] const Steps& youngest() const noexcept { return *youngest_; }

  // All on the first call, then the one child that something was done to.
  bool asleep() noexcept {
    if (!settled_) settled_ = all_asleep();
    return settled_ && youngest_->asleep_in(kPauseSyscall);
  }

 private:
  // One at a time: to keep them all open takes more files than are allowed.
  bool all_asleep() noexcept {
    try {
      for (const Tracee& child : children_)
        if (!Steps(child.pid(), same_cpu_).asleep_in(kPauseSyscall))
          return youngest_->not_reached("a child does not sleep");
      return true;
    } catch (const std::exception&) {
      return youngest_->not_reached("the state of a child cannot be read");
    }
  }

  bool same_cpu_;
  std::vector<Tracee> children_;
  std::optional<Steps> youngest_;
  bool settled_ = false;
};

inline constexpr std::array kUsualChildren = {1, 10, 100, 1000};

constexpr Parameter children(std::string_view name) {
  return {name, 1, 2000, kUsualChildren};
}

template <Kin kKin = Kin::kChildren>
class WaitNohang {
 public:
  static constexpr bool kTraced = kKin == Kin::kTracees;
  static constexpr std::array kParameters = {
      children(kTraced ? "tracees-nohang" : "nohang")};
  static constexpr FamilyInfo kFamily{
      .name = "elsewhere/wait",
      .help = kTraced ? "wait4(-1, WNOHANG) with so many sleeping tracees"
                      : "wait4(-1, WNOHANG) with so many sleeping children",
      .parameters = kParameters,
      .interfaces = kInNoMode,
      .has_partner = false};
  static constexpr WaitStatus kExpected{};

  explicit WaitNohang(const CellConfig& config)
      : children_(config.arguments.at(0), kKin, config.ends) {}

  bool arm() noexcept { return children_.asleep(); }

  WaitStatus fire() noexcept { return steps().find_no_news(); }

  [[nodiscard]] Steps& steps() noexcept { return children_.youngest(); }
  [[nodiscard]] const Steps& steps() const noexcept {
    return children_.youngest();
  }

 private:
  SleepingChildren children_;
};

template <Kin kKin = Kin::kChildren>
class WaitBlocking {
 public:
  static constexpr bool kTraced = kKin == Kin::kTracees;
  static constexpr std::array kParameters = {
      children(kTraced ? "tracees-blocking" : "blocking")};
  static constexpr FamilyInfo kFamily{
      .name = "elsewhere/wait",
      .help = kTraced ? "wait4(-1) until the youngest of so many traps"
                      : "wait4(-1) until the youngest of so many stops",
      .parameters = kParameters,
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected =
      kTraced ? stop_trap(SIGTRAP) : signal_stop(SIGSTOP);

  explicit WaitBlocking(const CellConfig& config)
      : children_(config.arguments.at(0), kKin, config.ends) {}

  bool arm() noexcept {
    if (stopped_ && !resume_youngest()) return false;
    stopped_ = true;  // after fire()
    return children_.asleep();
  }

  WaitStatus fire() noexcept {
    return stop_youngest() ? steps().wait_among_all(WUNTRACED) : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return children_.youngest(); }
  [[nodiscard]] const Steps& steps() const noexcept {
    return children_.youngest();
  }

 private:
  bool stop_youngest() noexcept {
    return kTraced ? steps().interrupt() : steps().kill(SIGSTOP);
  }
  bool resume_youngest() noexcept {
    return kTraced ? steps().cont() : steps().kill(SIGCONT);
  }

  SleepingChildren children_;
  bool stopped_ = false;
};

inline const Registration<WaitNohang<Kin::kChildren>> kWaitNohang;
inline const Registration<WaitNohang<Kin::kTracees>> kWaitTraceesNohang;
inline const Registration<WaitBlocking<Kin::kChildren>> kWaitBlocking;
inline const Registration<WaitBlocking<Kin::kTracees>> kWaitTraceesBlocking;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_WAIT_H_
