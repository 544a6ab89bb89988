// SPDX-License-Identifier: GPL-2.0-only
// tracer/interrupt/...: PTRACE_INTERRUPT of a tracee that is not asleep, until
// the wait returns its STOP trap. trap/trigger:interrupt is of one asleep.
//
//   busy            it runs a loop in user mode; at same-cpu it wants to
//   long-call/kib:N it is in read(2) of N KiB from a hole of a memfd: tmpfs
//                   (shmem_file_read_iter()) looks for no signal before the
//                   end. Where in the call it is: just after the beginning at
//                   cross-cpu, but anywhere at same-cpu, where the tracer took
//                   the CPU from it, and in exact mode
//   vfork           it waits in vfork(2), in state D, for a child that sleeps.
//                   The stage `interrupted` is when the request has returned;
//                   then the tracer lets the child exit
//
// ptrace_request() with signal_wake_up() and kick_process(), which wakes no one
// in D (wait_for_vfork_done()); exit_to_user_mode_loop(), get_signal(),
// do_jobctl_trap(), ptrace_stop(), wait_task_stopped().
#ifndef RETRAP_SCENARIOS_TRACER_INTERRUPT_H_
#define RETRAP_SCENARIOS_TRACER_INTERRUPT_H_

#include <linux/futex.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdint>
#include <exception>
#include <span>
#include <string_view>
#include <vector>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"
#include "scenarios/crowd.h"
#include "scenarios/family.h"
#include "scenarios/poll.h"
#include "scenarios/shared_words.h"

namespace retrap {

class InterruptBusy {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "tracer/interrupt/busy",
      .help = "PTRACE_INTERRUPT of a tracee that runs a busy loop",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit InterruptBusy(const CellConfig& config)
      : loop_(1, Tasks::kProcesses, Doing::kBusy, config.ends),
        steps_(loop_.tids().front()) {
    if (!steps_.seize()) throw_errno(errno, "PTRACE_SEIZE");
  }

  bool arm() noexcept {
    if (trapped_ && !steps_.cont()) return false;
    trapped_ = true;  // after fire()
    return loop_.settled(steps_);
  }
  WaitStatus fire() noexcept {
    return steps_.interrupt() ? steps_.wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  Crowd loop_;
  Steps steps_;
  bool trapped_ = false;
};

class InterruptLongCall {
 public:
  static constexpr std::array kUsual = {1024};
  static constexpr std::array kParameters = {
      Parameter{"kib", 1, 65536, kUsual}};
  static constexpr FamilyInfo kFamily{
      .name = "tracer/interrupt/long-call",
      .help = "PTRACE_INTERRUPT of a tracee that reads so much",
      .parameters = kParameters,
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = stop_trap(SIGTRAP);

  explicit InterruptLongCall(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()),
        bytes_(static_cast<std::size_t>(config.arguments.at(0)) * 1024),
        hole_(make_hole(bytes_)),
        edges_(1),
        tracee_(
            Tracee::spawn([this] { read_for_ever(); }, config.ends.tracee_cpu)),
        steps_(tracee_.pid()) {
    tracee_.seize(Interface::kListen);
  }

  // In a call that began after the last stop.
  bool arm() noexcept {
    const std::uint32_t last = edges_[0].load();
    if (trapped_ && !steps_.cont()) return false;
    trapped_ = true;  // after fire()
    const auto is_in_the_next = [this, last] {
      const std::uint32_t edges = edges_[0].load();
      return edges > last && edges % 2 == 1;
    };
    return poll_until(steps_.pid(), same_cpu_, is_in_the_next) ||
           steps_.not_reached("the tracee does not begin a read");
  }
  WaitStatus fire() noexcept {
    return steps_.interrupt() ? steps_.wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }
  // Beginnings and ends of calls.
  [[nodiscard]] std::uint32_t edges() const noexcept {
    return edges_[0].load();
  }

 private:
  static UniqueFd make_hole(std::size_t bytes) {
    UniqueFd hole(
        check_unix(::memfd_create("hole", MFD_CLOEXEC), "memfd_create"));
    check_unix(::ftruncate(hole.get(), static_cast<off_t>(bytes)), "ftruncate");
    return hole;
  }
  void read_for_ever() const {
    std::vector<char> place(bytes_);
    for (;;) {
      edges_[0].fetch_add(1);
      (void)!::pread(hole_.get(), place.data(), place.size(), 0);
      edges_[0].fetch_add(1);
    }
  }

  bool same_cpu_;
  std::size_t bytes_;
  UniqueFd hole_;
  SharedWords edges_;
  Tracee tracee_;
  Steps steps_;
  bool trapped_ = false;
};

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

inline const Registration<InterruptBusy> kInterruptBusy;
inline const Registration<InterruptLongCall> kInterruptLongCall;
inline const Registration<InterruptVfork> kInterruptVfork;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_INTERRUPT_H_
