// SPDX-License-Identifier: GPL-2.0-only
// R: PTRACE_INTERRUPT and another stop of the tracee at about the same time.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>

#include <cstdint>
#include <string>

#include "book/options.h"
#include "book/outcomes.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr WaitStatus kTrap = stop_trap(SIGTRAP);
constexpr unsigned long kExitEvent = PTRACE_O_TRACEEXIT;

Errno next_syscall(pid_t pid) { return request(PTRACE_SYSCALL, pid); }

// A spinning tracee that makes system calls -> one in a waited STOP(TRAP).
void seize_caller(const Subject& subject, unsigned long options = 0) {
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, Interface::kListen, PTRACE_O_TRACESYSGOOD | options));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
}

// One INTERRUPT to a tracee on its way from one syscall-stop to the next, then
// `stops` stops: which of them is the STOP trap, from 0; `stops` for none.
void interrupt_the_stream(pid_t pid, std::uint64_t turn, int stops, int& trap) {
  trap = stops;
  ASSERT_EQ(next_syscall(pid), kOk);
  wait_a_little(turn);
  ASSERT_EQ(interrupt(pid), kOk);
  for (int stop = 0; stop < stops; ++stop) {
    const WaitStatus status = wait_eventually(pid);
    if (status == kTrap) {
      ASSERT_EQ(trap, stops) << "a second STOP trap";
      trap = stop;
    } else {
      ASSERT_EQ(status, kSyscallStop);
    }
    if (stop + 1 < stops) {
      ASSERT_EQ(next_syscall(pid), kOk);
    }
  }
}

TEST_P(RaceRules, R01_InterruptInAStreamOfSyscallStops) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  constexpr int kStops = 4;
  count_outcomes(
      options().count, [&](std::uint64_t turn, std::string& outcome) {
        int trap = 0;
        // Not always as many, or each turn would begin in a stop of the same
        // kind.
        const int stops = kStops + static_cast<int>(turn % 2);
        ASSERT_NO_FATAL_FAILURE(
            interrupt_the_stream(subject.pid(), turn, stops, trap));
        ASSERT_TRUE(trap <= 1 || trap == stops);
        outcome = trap == 0 ? "first" : trap == 1 ? "second" : "never";
      });
}

// In a waited syscall-stop: the number of the call that begins there; -1 when
// none does.
long call_begun(pid_t pid) {
  __ptrace_syscall_info info{};
  const long size = ::ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info);
  if (size <= 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY) return -1;
  return static_cast<long>(info.entry.nr);
}

// A waited stop -> the waited syscall-enter-stop of this call; -1: of any.
void enter_call(pid_t pid, long number) {
  long begun = -1;
  while (begun < 0 || (number >= 0 && begun != number)) {
    ASSERT_EQ(next_syscall(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), kSyscallStop);
    begun = call_begun(pid);
  }
}

TEST_P(RaceRules, R02_SyscallExitStopSwallowsAnInterrupt) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  ASSERT_NO_FATAL_FAILURE(enter_call(pid, -1));
  ASSERT_EQ(interrupt(pid), kOk);
  for (int stop = 0; stop < 6; ++stop) {
    ASSERT_EQ(next_syscall(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  }
}

TEST_P(RaceRules, R02_WithoutExitStopTheInterruptIsNext) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  ASSERT_NO_FATAL_FAILURE(enter_call(pid, -1));
  const std::uint64_t ticks = subject.ticks();
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kTrap);
  EXPECT_EQ(subject.ticks(), ticks);
}

// INTERRUPT in the waited stop: its trap is next, before user mode.
void expect_trap_next(const Subject& subject) {
  const std::uint64_t ticks = subject.ticks();
  ASSERT_EQ(interrupt(subject.pid()), kOk);
  ASSERT_EQ(wait_at_once(subject.pid()), kNothing);
  ASSERT_EQ(next_syscall(subject.pid()), kOk);
  ASSERT_EQ(wait_eventually(subject.pid()), kTrap);
  EXPECT_EQ(subject.ticks(), ticks);
}

TEST_P(RaceRules, R03_InterruptInAnotherStopTrapsNext) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject, PTRACE_O_TRACECLONE));
  {
    SCOPED_TRACE("syscall-exit-stop");
    ASSERT_NO_FATAL_FAILURE(enter_call(pid, -1));
    ASSERT_EQ(next_syscall(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), kSyscallStop);
    ASSERT_NO_FATAL_FAILURE(expect_trap_next(subject));
  }
  {
    SCOPED_TRACE("signal-delivery-stop");
    subject.kill(SIGUSR1);
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
    ASSERT_NO_FATAL_FAILURE(expect_trap_next(subject));
  }
  {
    SCOPED_TRACE("event stop");
    subject.order(0, Command::kClone);
    ASSERT_EQ(cont(pid), kOk);
    ASSERT_EQ(wait_eventually(pid), event_stop(PTRACE_EVENT_CLONE));
    const std::uint64_t ticks = subject.ticks();
    ASSERT_EQ(interrupt(pid), kOk);
    ASSERT_EQ(cont(pid), kOk);  // without the exit-stop, which swallows it
    ASSERT_EQ(wait_eventually(pid), kTrap);
    EXPECT_EQ(subject.ticks(), ticks);
  }
}

// Seized -> INTERRUPTed as it enters the call that `command` makes, resumed.
void interrupt_call(const Subject& subject, Command command, long number,
                    unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject, options));
  subject.order(0, command);
  ASSERT_NO_FATAL_FAILURE(enter_call(subject.pid(), number));
  ASSERT_EQ(interrupt(subject.pid()), kOk);
  ASSERT_EQ(cont(subject.pid()), kOk);
}

TEST_P(RaceRules, R05_EventStopOfExecSwallowsAnInterrupt) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(
      interrupt_call(subject, Command::kExec, SYS_execve, PTRACE_O_TRACEEXEC));
  ASSERT_EQ(wait_eventually(pid), event_stop(PTRACE_EVENT_EXEC));
  ASSERT_EQ(next_syscall(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
  ASSERT_EQ(next_syscall(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kSyscallStop);
}

TEST_P(RaceRules, R05_WithoutEventTheInterruptIsAfterExec) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(
      interrupt_call(subject, Command::kExec, SYS_execve, 0));
  ASSERT_EQ(wait_eventually(pid), kTrap);
  EXPECT_TRUE(subject.has_executed());
}

TEST_P(RaceRules, R05_ExitSwallowsAnInterrupt) {
  for (const bool event : {false, true}) {
    SCOPED_TRACE(event ? "EVENT_EXIT" : "no event");
    Subject subject(GetParam(), 1, Body::kSyscalls);
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(interrupt_call(
        subject, Command::kExit, SYS_exit_group, event ? kExitEvent : 0UL));
    WaitStatus status = wait_eventually(pid);
    if (event) {
      ASSERT_EQ(status, event_stop(PTRACE_EVENT_EXIT));
      ASSERT_EQ(interrupt(pid), kOk);  // one more, in the stop
      ASSERT_EQ(cont(pid), kOk);
      status = wait_eventually(pid);
    }
    ASSERT_EQ(status, exited(0));
    subject.set_reaped();
  }
}

// Whoever is first, the other is next.
TEST_P(RaceRules, R04_InterruptAndSignalAreBothReported) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  const WaitStatus signal = signal_stop(SIGUSR1);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  count_outcomes(options().count,
                 [&](std::uint64_t turn, std::string& outcome) {
                   subject.kill(SIGUSR1);
                   wait_a_little(turn);
                   ASSERT_EQ(interrupt(pid), kOk);
                   const WaitStatus first = wait_eventually(pid);
                   const bool trap_first = first == kTrap;
                   ASSERT_EQ(first, trap_first ? kTrap : signal);
                   ASSERT_EQ(cont(pid), kOk);
                   ASSERT_EQ(wait_eventually(pid), trap_first ? signal : kTrap);
                   ASSERT_EQ(cont(pid), kOk);
                   outcome = trap_first ? "first" : "second";
                 });
}

// In a waited `trap` of a tracee that makes system calls: the next stop is one
// more, or a syscall-stop.
void expect_one_or_two(pid_t pid, WaitStatus trap, std::string& outcome) {
  ASSERT_EQ(next_syscall(pid), kOk);
  const WaitStatus next = wait_eventually(pid);
  const bool two = next == trap;
  ASSERT_EQ(next, two ? trap : kSyscallStop);
  outcome = two ? "two_traps" : "one_trap";
}

// Two INTERRUPTs of a running tracee: one STOP trap, or two when the second
// came after the first trap had begun.
TEST_P(RaceRules, R06_TwoInterruptsTrapOnceOrTwice) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_caller(subject));
  count_outcomes(
      options().count, [pid](std::uint64_t turn, std::string& outcome) {
        ASSERT_EQ(cont(pid), kOk);
        ASSERT_EQ(interrupt(pid), kOk);
        wait_a_little(turn);
        ASSERT_EQ(interrupt(pid), kOk);
        ASSERT_EQ(wait_eventually(pid), kTrap);
        ASSERT_NO_FATAL_FAILURE(expect_one_or_two(pid, kTrap, outcome));
      });
}

TEST_P(RaceRules, R06_TwoInterruptsInATrapOweOneTrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, Interface::kListen));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(interrupt(pid), kOk);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), kTrap);
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
}

// In a stop of a tracee whose group has stopped -> it runs in a running group.
void leave_the_group_stop(const Subject& subject) {
  const pid_t pid = subject.pid();
  subject.kill(SIGCONT);
  for (;;) {
    ASSERT_EQ(cont(pid), kOk);
    const WaitStatus status = wait_eventually(pid);
    if (status == signal_stop(SIGCONT)) break;
    ASSERT_EQ(status, kTrap);
  }
  ASSERT_EQ(cont(pid), kOk);
}

// One INTERRUPT of a tracee that is about to stop with its group.
TEST_P(RaceRules, R07_InterruptAndGroupStopTrapOnceOrTwice) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, Interface::kListen, PTRACE_O_TRACESYSGOOD));
  count_outcomes(
      options().count / 4 + 1, [&](std::uint64_t turn, std::string& outcome) {
        subject.kill(SIGSTOP);
        ASSERT_EQ(wait_eventually(pid), signal_stop(SIGSTOP));
        ASSERT_EQ(cont(pid, SIGSTOP), kOk);
        wait_a_little(turn);
        ASSERT_EQ(interrupt(pid), kOk);
        const WaitStatus trap = stop_trap(SIGSTOP);
        ASSERT_EQ(wait_eventually(pid), trap);
        ASSERT_NO_FATAL_FAILURE(expect_one_or_two(pid, trap, outcome));
        ASSERT_NO_FATAL_FAILURE(leave_the_group_stop(subject));
      });
}

}  // namespace
}  // namespace retrap::conform
