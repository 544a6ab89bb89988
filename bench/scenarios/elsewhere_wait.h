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
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/family.h"

namespace retrap {

enum class Kin { kChildren, kTracees };

// What the families have in common.
template <Kin kKin>
class SleepingChildren {
 public:
  explicit SleepingChildren(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()) {
    const int count = config.arguments.at(0);
    children_.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) {
      children_.push_back(
          Tracee::spawn(sleep_in_pause, config.ends.tracee_cpu));
      if (kTraced) children_.back().seize(Interface::kListen);
    }
    youngest_.emplace(children_.back().pid(), same_cpu_);
  }

  [[nodiscard]] Steps& steps() noexcept { return *youngest_; }
  [[nodiscard]] const Steps& steps() const noexcept { return *youngest_; }

 protected:
  static constexpr bool kTraced = kKin == Kin::kTracees;
  static constexpr std::array kUsualCounts = {1, 10, 100, 1000};

  static constexpr Parameter count(std::string_view name) {
    return {name, 1, 2000, kUsualCounts};
  }
  static constexpr FamilyInfo family(std::span<const Parameter> parameters,
                                     std::string_view help, bool has_partner) {
    return {.name = "elsewhere/wait",
            .help = help,
            .parameters = parameters,
            .interfaces = kInNoMode,
            .has_partner = has_partner};
  }

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

template <Kin kKin = Kin::kChildren>
class WaitNohang : public SleepingChildren<kKin> {
  using Base = SleepingChildren<kKin>;

 public:
  static constexpr std::array kParameters = {
      Base::count(Base::kTraced ? "tracees-nohang" : "nohang")};
  static constexpr FamilyInfo kFamily = Base::family(
      kParameters,
      Base::kTraced ? "wait4(-1, WNOHANG) with so many sleeping tracees"
                    : "wait4(-1, WNOHANG) with so many sleeping children",
      false);
  static constexpr WaitStatus kExpected{};

  using Base::Base;
  bool arm() noexcept { return this->asleep(); }
  WaitStatus fire() noexcept { return this->steps().find_no_news(); }
};

template <Kin kKin = Kin::kChildren>
class WaitBlocking : public SleepingChildren<kKin> {
  using Base = SleepingChildren<kKin>;

 public:
  static constexpr std::array kParameters = {
      Base::count(Base::kTraced ? "tracees-blocking" : "blocking")};
  static constexpr FamilyInfo kFamily = Base::family(
      kParameters,
      Base::kTraced ? "wait4(-1) until the youngest of so many traps"
                    : "wait4(-1) until the youngest of so many stops",
      true);
  static constexpr WaitStatus kExpected =
      Base::kTraced ? stop_trap(SIGTRAP) : signal_stop(SIGSTOP);

  using Base::Base;
  bool arm() noexcept {
    if (stopped_ && !resume_youngest()) return false;
    stopped_ = true;  // after fire()
    return this->asleep();
  }
  WaitStatus fire() noexcept {
    return stop_youngest() ? this->steps().wait_among_all(WUNTRACED)
                           : kCallFailed;
  }

 private:
  bool stop_youngest() noexcept {
    return Base::kTraced ? this->steps().interrupt()
                         : this->steps().kill(SIGSTOP);
  }
  bool resume_youngest() noexcept {
    return Base::kTraced ? this->steps().cont() : this->steps().kill(SIGCONT);
  }

  bool stopped_ = false;
};

inline const Registration<WaitNohang<Kin::kChildren>> kWaitNohang;
inline const Registration<WaitNohang<Kin::kTracees>> kWaitTraceesNohang;
inline const Registration<WaitBlocking<Kin::kChildren>> kWaitBlocking;
inline const Registration<WaitBlocking<Kin::kTracees>> kWaitTraceesBlocking;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_WAIT_H_
