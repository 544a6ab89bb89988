// SPDX-License-Identifier: GPL-2.0-only
#include "book/situations.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cerrno>
#include <chrono>
#include <thread>

#include "core/ptrace/patience.h"

namespace retrap::conform {
namespace {

constexpr std::chrono::milliseconds kSettle{20};
constexpr std::chrono::microseconds kPoll{50};

}  // namespace

void seize_all(const Subject& subject, Interface interface,
               unsigned long options) {
  for (int thread = 0; thread < subject.threads(); ++thread) {
    ASSERT_EQ(seize(subject.tid(thread), interface, options), kOk);
  }
}

void stop_group(const Subject& subject, int sig) {
  subject.tgkill(0, sig);
  ASSERT_EQ(wait_eventually(subject.pid()), signal_stop(sig));
  ASSERT_EQ(cont(subject.pid(), sig), kOk);
  for (int thread = 0; thread < subject.threads(); ++thread) {
    ASSERT_EQ(wait_eventually(subject.tid(thread)), stop_trap(sig));
  }
}

void seize_and_stop(const Subject& subject, Interface interface,
                    unsigned long options) {
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, options));
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
}

void seize_stop_and_acknowledge(const Subject& subject) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, Interface::kAsyncRetrap));
  for (int thread = 0; thread < subject.threads(); ++thread) {
    const Info info = siginfo(subject.tid(thread));
    ASSERT_EQ(info.error, kOk);
    ASSERT_EQ(info.signo, SIGSTOP);
    ASSERT_TRUE(info.stopped);
  }
}

void interrupt_into_trap(const Subject& subject, int thread) {
  const pid_t tid = subject.tid(thread);
  ASSERT_EQ(interrupt(tid), kOk);
  ASSERT_EQ(wait_eventually(tid), stop_trap(SIGTRAP));
}

void seize_into_disguised_stop(const Subject& subject, Interface interface) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  ASSERT_EQ(set_siginfo(pid, SIGUSR1, stop_code_of(stop_trap(SIGTRAP))), kOk);
}

void stop_group_again(const Subject& subject, int thread, int sig) {
  const pid_t tid = subject.tid(thread);
  subject.tgkill(thread, sig);
  ASSERT_EQ(wait_eventually(tid), signal_stop(sig));
  ASSERT_EQ(cont(tid, sig), kOk);
  ASSERT_EQ(wait_eventually(tid), stop_trap(sig));
}

Errno rearm(pid_t tid, Interface interface) {
  switch (interface) {
    case Interface::kListen:
    case Interface::kListenRepublish:
      return listen(tid);
    case Interface::kAsyncRetrap:
      return siginfo(tid).error;
    case Interface::kPleaseNotify:
      return jobctl_cont(tid);
  }
  return {};
}

void hide(const Subject& subject, Interface interface) {
  for (int thread = 0; thread < subject.threads(); ++thread) {
    ASSERT_EQ(rearm(subject.tid(thread), interface), kOk);
    ASSERT_EQ(registers(subject.tid(thread)).error, Errno{ESRCH});
    ASSERT_EQ(wait_at_once(subject.tid(thread)), kNothing);
  }
}

void seize_stop_and_hide(const Subject& subject, Interface interface) {
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
  ASSERT_NO_FATAL_FAILURE(hide(subject, interface));
}

void resume_in_stopped_group(const Subject& subject, int thread) {
  ASSERT_EQ(siginfo(subject.tid(thread)).error, kOk);  // AR: acknowledged
  ASSERT_EQ(cont(subject.tid(thread)), kOk);
  expect_runs_silently(subject, thread);
}

// Refused before accepted, and no request after a wrong answer: a tracee that
// listens although its mode forbids it need not answer at all.
void expect_mode(const Subject& subject, pid_t tid, Interface interface) {
  ASSERT_EQ(siginfo(tid).error, kOk);  // AR: acknowledged
  if (!listens(interface)) {
    ASSERT_EQ(listen(tid), Errno{EIO});
  }
  if (interface != Interface::kPleaseNotify) {
    ASSERT_EQ(jobctl_cont(tid), Errno{EIO});
  }
  ASSERT_EQ(rearm(tid, interface), kOk);
  ASSERT_EQ(wait_at_once(tid), kNothing);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(tid), stop_trap(SIGTRAP));
}

void expect_interrupts_at_once(const Subject& subject, Interface interface,
                               WaitStatus status) {
  const pid_t pid = subject.pid();
  std::uint64_t empty_waits = 0;
  std::uint64_t refused_requests = 0;
  ASSERT_EQ(registers(pid).error, kOk);  // the tracee is off its CPU
  const std::uint64_t switches = subject.voluntary_switches();
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(rearm(pid, interface), kOk) << "turn " << turn;
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
    ASSERT_EQ(interrupt(pid), kOk) << "turn " << turn;
    if (turn % 2 == 1 && registers(pid).error != kOk) ++refused_requests;
    WaitStatus got = wait_at_once(pid);
    if (turn % 2 == 0 && registers(pid).error != kOk) ++refused_requests;
    if (got == kNothing) {
      ++empty_waits;
      got = wait_eventually(pid);
    }
    ASSERT_EQ(got, status) << "turn " << turn;
  }
  EXPECT_EQ(empty_waits, 0U) << "of " << options().count;
  EXPECT_EQ(refused_requests, 0U) << "of " << options().count;
  EXPECT_EQ(subject.voluntary_switches(), switches) << "was woken";
}

void settle() { std::this_thread::sleep_for(kSettle); }

void expect_runs(const Subject& subject, int thread) {
  const std::uint64_t before = subject.ticks(thread);
  Patience patience(subject.pid());
  while (subject.ticks(thread) == before && patience.lasts()) {
    std::this_thread::sleep_for(kPoll);
  }
  EXPECT_NE(subject.ticks(thread), before) << "user mode is not reached";
}

void expect_runs_silently(const Subject& subject, int thread) {
  expect_runs(subject, thread);
  settle();
  EXPECT_EQ(wait_at_once(subject.tid(thread)), kNothing);
}

void expect_sigcont_delivered(const Subject& subject) {
  ASSERT_EQ(cont(subject.pid()), kOk);
  ASSERT_EQ(wait_eventually(subject.pid()), signal_stop(SIGCONT));
  ASSERT_EQ(cont(subject.pid()), kOk);
  expect_runs_silently(subject);
}

void expect_death(Subject& subject) {
  const pid_t pid = subject.pid();
  const WaitStatus exit_trap = event_stop(PTRACE_EVENT_EXIT);
  WaitStatus status = wait_eventually(pid);
  if (is_stop(status) && status != exit_trap) status = wait_eventually(pid);
  if (status == exit_trap) {
    EXPECT_EQ(cont(pid), kOk);
    status = wait_eventually(pid);
  }
  ASSERT_EQ(status, killed_by(SIGKILL));
  subject.set_reaped();
}

// A request returns when the tracee is off its CPU and has sent its SIGCHLD:
// before that, the last switch of the trap may not have been counted. So it is
// with its siblings, whose SIGCHLD would be taken for one of this thread. A
// hidden thread answers ESRCH, and is off its CPU since it was hidden.
Stillness::Stillness(const Subject& subject, int thread)
    : subject_(subject), thread_(thread) {
  for (int each = 0; each < subject.threads(); ++each) {
    (void)registers(subject.tid(each));
  }
  (void)take_sigchld();
  ticks_ = subject.ticks(thread);
  switches_ = subject.voluntary_switches(thread);
}

void Stillness::expect() const {
  settle();
  EXPECT_EQ(wait_at_once(subject_.tid(thread_)), kNothing);
  EXPECT_FALSE(take_sigchld()) << "a SIGCHLD came";
  EXPECT_EQ(subject_.state(thread_), 't');
  EXPECT_EQ(subject_.voluntary_switches(thread_), switches_) << "was woken";
  EXPECT_EQ(subject_.ticks(thread_), ticks_) << "reached user mode";
}

UserMode::UserMode(const Subject& subject, int thread)
    : subject_(subject),
      thread_(thread),
      ticks_(subject.ticks(thread)),
      registers_(registers(subject.tid(thread))) {
  EXPECT_EQ(registers_.error, kOk);
}

void UserMode::expect_not_entered() const {
  const Registers now = registers(subject_.tid(thread_));
  EXPECT_EQ(now.error, kOk);
  EXPECT_TRUE(now == registers_) << "registers changed";
  EXPECT_EQ(subject_.ticks(thread_), ticks_) << "reached user mode";
}

}  // namespace retrap::conform
