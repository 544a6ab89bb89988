// SPDX-License-Identifier: GPL-2.0-only
// A process that traces another child of ours, so that we are its real parent
// and nothing else; and the SIGCHLD that a parent gets.
#ifndef RETRAP_SCENARIOS_OTHER_TRACER_H_
#define RETRAP_SCENARIOS_OTHER_TRACER_H_

#include <csignal>

#include "core/ptrace/tracee.h"
#include "scenarios/cell.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/group_stop.h"
#include "scenarios/steps.h"

namespace retrap {

// The body of a tracee that Yama lets a sibling trace.
void let_any_trace();

enum class Wants { kReports, kNoReports };

class OtherTracer {
 public:
  OtherTracer(const CellConfig& config, pid_t tracee, Wants wants);

  // The tracee into a group-stop, which is reported, and then as it wants.
  bool stop() noexcept { return order(kStop) && is_done(); }
  // Off its CPU: in its wait for news, or for the next order.
  bool waits() noexcept {
    return steps_.asleep_in(wants_ == Wants::kReports ? SYS_wait4 : SYS_read);
  }
  // After SIGCONT, one that wants nothing. One that wants news needs no order.
  bool resume() noexcept { return order(kResume); }
  // It has done what it was to do last; false: it failed.
  bool is_done() noexcept;

 private:
  static constexpr char kStop = 's';
  static constexpr char kResume = 'r';

  bool order(char what) noexcept;
  void run(const CellConfig& config, pid_t tracee) noexcept;
  bool obey(StopLoop& loop) noexcept;

  Wants wants_;
  Pipe orders_;
  Pipe answers_;
  Tracee process_;
  Steps steps_;
};

// SIGCHLD is for sigtimedwait(2), as long as this lives.
class BlockedSigchld {
 public:
  BlockedSigchld();
  BlockedSigchld(const BlockedSigchld&) = delete;
  BlockedSigchld& operator=(const BlockedSigchld&) = delete;
  BlockedSigchld(BlockedSigchld&&) = delete;
  BlockedSigchld& operator=(BlockedSigchld&&) = delete;
  ~BlockedSigchld();

  // None is pending afterwards.
  bool drop() noexcept;
  // The next one, as the status it stands for; a child that died has one too.
  WaitStatus wait(Steps& steps) noexcept;

 private:
  sigset_t sigchld_;
  sigset_t before_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_OTHER_TRACER_H_
