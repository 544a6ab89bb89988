// SPDX-License-Identifier: GPL-2.0-only
// tracer/interrupt/vfork: PTRACE_INTERRUPT of a tracee that waits in vfork(2),
// in state D, for a child that sleeps. The stage `interrupted` is when the
// request has returned; then the tracer lets the child exit, and waits for the
// STOP trap.
//
// wait_for_vfork_done() sleeps in TASK_KILLABLE, and signal_wake_up() wakes no
// one in it. do_exit() of the child with mm_release() and
// complete_vfork_done(); then as tracer/interrupt/busy.
#ifndef RETRAP_SCENARIOS_TRACER_INTERRUPT_VFORK_H_
#define RETRAP_SCENARIOS_TRACER_INTERRUPT_VFORK_H_

#include <linux/futex.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>

#include "core/ptrace/task_state.h"
#include "core/ptrace/tracee.h"
#include "scenarios/family.h"
#include "scenarios/poll.h"
#include "scenarios/shared_words.h"

namespace retrap {

class InterruptVfork {
 public:
  static constexpr std::array<std::string_view, 1> kStages = {"interrupted"};
  static constexpr FamilyInfo kFamily{
      .name = "tracer/interrupt/vfork",
      .help = "PTRACE_INTERRUPT in vfork, then the end of the child",
      .interfaces = kInNoMode,
      .stages = kStages};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit InterruptVfork(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()),
        words_(2),
        tracee_(Tracee::spawn([this] { vfork_for_ever(); },
                              config.ends.tracee_cpu)),
        state_(tracee_.pid()),
        steps_(tracee_.pid()) {
    tracee_.seize(Interface::kListen);
  }

  bool arm() noexcept {
    if (trapped_ && !steps_.cont()) return false;
    trapped_ = true;  // after fire()
    return child_sleeps() &&
           (until([this] { return state_.letter() == 'D'; }) ||
            steps_.not_reached("the tracee does not wait in vfork"));
  }
  WaitStatus fire() noexcept {
    if (!steps_.interrupt()) return kCallFailed;
    readings_[0] = RawClock::now();
    let_child_exit();
    return steps_.wait();
  }

  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return readings_;
  }
  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  // The round that the child sleeps in, and the child.
  [[nodiscard]] SharedWords::Word& round() const noexcept { return words_[0]; }
  [[nodiscard]] SharedWords::Word& child() const noexcept { return words_[1]; }

  void let_child_exit() noexcept {
    round().fetch_add(1);
    (void)::syscall(SYS_futex, &round(), FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
  template <typename Done>
  bool until(Done done) noexcept {
    return poll_until(steps_.pid(), same_cpu_, done);
  }
  bool child_sleeps() noexcept {
    if (!until([this] { return child().load() != last_child_; }))
      return steps_.not_reached("the tracee has no child");
    last_child_ = child().load();
    try {
      Steps sleeper(static_cast<pid_t>(last_child_), same_cpu_);
      return sleeper.asleep_in(SYS_futex) || steps_.failed_as(sleeper);
    } catch (const std::exception&) {
      return steps_.not_reached("the child's state cannot be read");
    }
  }

  void vfork_for_ever() const {
    // Else each child's end is one more stop.
    sigset_t sigchld;
    (void)::sigemptyset(&sigchld);
    (void)::sigaddset(&sigchld, SIGCHLD);
    (void)::sigprocmask(SIG_BLOCK, &sigchld, nullptr);
    for (;;) {
      const std::uint32_t now = round().load();
      const pid_t parent = ::getpid();
      const pid_t pid = ::vfork();  // NOLINT: the child exits
      if (pid == 0) sleep_while(now, parent);
      (void)::waitpid(pid, nullptr, 0);  // NOLINT: statuses of the tracee's own
    }
  }
  // It shares the tracee's memory, but dies with it.
  [[noreturn]] void sleep_while(std::uint32_t now, pid_t parent) const {
    if (::prctl(PR_SET_PDEATHSIG, SIGKILL) != 0 || ::getppid() != parent)
      ::_exit(1);
    child().store(static_cast<std::uint32_t>(::getpid()));
    while (round().load() == now)
      (void)::syscall(SYS_futex, &round(), FUTEX_WAIT, now, nullptr, nullptr,
                      0);
    ::_exit(0);
  }

  bool same_cpu_;
  SharedWords words_;
  Tracee tracee_;
  TaskState state_;
  Steps steps_;
  std::uint32_t last_child_ = 0;
  std::array<std::uint64_t, 1> readings_{};
  bool trapped_ = false;
};

inline const Registration<InterruptVfork> kInterruptVfork;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_INTERRUPT_VFORK_H_
