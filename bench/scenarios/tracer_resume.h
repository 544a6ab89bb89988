// SPDX-License-Identifier: GPL-2.0-only
// tracer/resume/...: from a stop to the next one in user mode.
//
//   breakpoint  PTRACE_CONT of a tracee whose next instruction is int3 or brk,
//               until its SIGTRAP is reported
//   singlestep  PTRACE_SINGLESTEP of one nop, until its SIGTRAP is reported
//
// ptrace_resume() with user_enable_single_step(); exc_int3(), exc_debug() or
// do_debug_exception(), force_sig_fault(), get_signal() with ptrace_signal(),
// ptrace_stop(), wait_task_stopped().
#ifndef RETRAP_SCENARIOS_TRACER_RESUME_H_
#define RETRAP_SCENARIOS_TRACER_RESUME_H_

#include <csignal>

#include "core/ptrace/tracee.h"
#include "core/sys/relax.h"
#include "scenarios/family.h"
#include "scenarios/poll.h"
#include "scenarios/shared_words.h"

namespace retrap {

enum class Resume { kBreakpoint, kSinglestep };

template <Resume kHow>
class TracerResume {
  static constexpr bool kBreakpoint = kHow == Resume::kBreakpoint;

 public:
  static constexpr FamilyInfo kFamily{
      .name =
          kBreakpoint ? "tracer/resume/breakpoint" : "tracer/resume/singlestep",
      .help = kBreakpoint ? "PTRACE_CONT until the next breakpoint"
                          : "PTRACE_SINGLESTEP of one instruction",
      .interfaces = kInNoMode};
  static constexpr WaitStatus kExpected = signal_stop(SIGTRAP);

  explicit TracerResume(const CellConfig& config)
      : same_cpu_(config.ends.same_cpu()),
        words_(2),
        tracee_(Tracee::spawn([this] { run(); }, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), same_cpu_) {
    tracee_.seize(Interface::kListen);
    words_[0].store(1);
  }

  bool arm() noexcept {
    if (!started_ && !start()) return false;
    started_ = true;
    return (!kBreakpoint || step_over()) && steps_.trapped_and_quiet();
  }
  WaitStatus fire() noexcept {
    const bool resumed = kBreakpoint ? steps_.cont() : steps_.singlestep();
    return resumed ? steps_.wait() : kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  // A breakpoint kills who is not traced: not before the tracer says so.
  void run() const noexcept {
    while (words_[0].load() == 0) relax();
    words_[1].store(1);
    for (;;) {
      if constexpr (!kBreakpoint)
        asm volatile("nop");
      else
#if defined(__x86_64__)
        asm volatile("int3");
#else
        asm volatile("brk #0");
#endif
    }
  }

  bool start() noexcept {
    const auto runs = [this] { return words_[1].load() == 1; };
    if (!poll_until(steps_.pid(), same_cpu_, runs))
      return steps_.not_reached("the tracee does not come to its loop");
    if (kBreakpoint) return steps_.wait_for(kExpected);
    return steps_.interrupt() && steps_.wait_for(stop_trap(SIGTRAP));
  }

  // The program counter is behind int3, and at brk.
  bool step_over() noexcept {
#if defined(__aarch64__)
    if (!steps_.getregset(registers_)) return false;
    registers_.pc += 4;
    return steps_.setregset(registers_);
#else
    return true;
#endif
  }

  bool same_cpu_;
  SharedWords words_;
  Tracee tracee_;
  Steps steps_;
  Registers registers_{};
  bool started_ = false;
};

inline const Registration<TracerResume<Resume::kBreakpoint>> kBreakpoint;
inline const Registration<TracerResume<Resume::kSinglestep>> kSinglestep;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_TRACER_RESUME_H_
