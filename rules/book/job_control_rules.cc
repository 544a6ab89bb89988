// SPDX-License-Identifier: GPL-2.0-only
// C: what the parent of a tracee and its untraced threads see of job control.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <functional>
#include <vector>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "book/tracer_process.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {
namespace {

constexpr WaitStatus kContinued{0xffff};

// The parent has one report to wait for, and was told by one SIGCHLD.
void expect_one_report(const Subject& subject, int options, WaitStatus status) {
  ASSERT_EQ(parent_wait_eventually(subject.pid(), options), status);
  EXPECT_EQ(parent_wait_at_once(subject.pid(), options), kNothing);
  EXPECT_TRUE(sigchld_comes(subject.pid()));
}

void expect_no_report(const Subject& subject) {
  settle();
  EXPECT_EQ(parent_wait_at_once(subject.pid(), WUNTRACED | WCONTINUED),
            kNothing);
  EXPECT_FALSE(take_sigchld());
}

// The counts of mainline; they hold on every kernel.
TEST_P(CommonRules, C05_UntracedProcessReportsEachChangeOnce) {
  const Subject subject(GetParam());
  for (int turn = 0; turn < 20; ++turn) {
    ASSERT_NO_FATAL_FAILURE(expect_no_report(subject));
    subject.kill(SIGSTOP);
    ASSERT_NO_FATAL_FAILURE(
        expect_one_report(subject, WUNTRACED, signal_stop(SIGSTOP)));
    EXPECT_EQ(subject.state(), 'T');
    subject.kill(SIGSTOP);
    expect_no_report(subject);
    subject.kill(SIGCONT);
    ASSERT_NO_FATAL_FAILURE(expect_one_report(subject, WCONTINUED, kContinued));
    subject.kill(SIGCONT);
    expect_no_report(subject);
    expect_runs(subject);
  }
}

// SIGCONT wakes the trapped threads.
bool is_woken(Interface interface, bool rearmed) {
  return rearmed || interface == Interface::kAsyncRetrap;
}

// The steps of a tracer of two threads, for a parent that looks on.
std::vector<std::function<void()>> stop_in_two_steps(const Subject& subject,
                                                     Interface interface,
                                                     bool rearmed) {
  const auto stop_first = [&subject, interface] {
    ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
    subject.tgkill(1, SIGUSR1);
    ASSERT_EQ(wait_eventually(subject.tid(1)), signal_stop(SIGUSR1));
    subject.tgkill(0, SIGSTOP);
    ASSERT_EQ(wait_eventually(subject.tid(0)), signal_stop(SIGSTOP));
    ASSERT_EQ(cont(subject.tid(0), SIGSTOP), kOk);
    ASSERT_EQ(wait_eventually(subject.tid(0)), stop_trap(SIGSTOP));
  };
  const auto stop_second = [&subject, interface, rearmed] {
    ASSERT_EQ(cont(subject.tid(1)), kOk);
    ASSERT_EQ(wait_eventually(subject.tid(1)), stop_trap(SIGSTOP));
    for (int thread = 0; thread < 2 && rearmed; ++thread) {
      ASSERT_EQ(rearm(subject.tid(thread), interface), kOk);
    }
  };
  const bool retraps = is_woken(interface, rearmed);
  const auto resume = [&subject, retraps] {
    for (int thread = 0; thread < 2; ++thread) {
      const pid_t tid = subject.tid(thread);
      ASSERT_EQ(retraps ? wait_eventually(tid) : wait_at_once(tid),
                retraps ? stop_trap(SIGTRAP) : kNothing);
      ASSERT_EQ(siginfo(subject.tid(thread)).error, kOk);
      ASSERT_EQ(cont(subject.tid(thread)), kOk);
    }
  };
  return {stop_first, stop_second, resume};
}

void report_to_the_parent(Placement placement, Interface interface,
                          bool rearmed) {
  SCOPED_TRACE(rearmed ? "re-armed" : "trapped");
  (void)take_sigchld();
  const Subject subject(placement, 2);
  TracerProcess tracer(stop_in_two_steps(subject, interface, rearmed));
  ASSERT_NO_FATAL_FAILURE(tracer.step());
  expect_no_report(subject);  // thread 1 has not stopped
  ASSERT_NO_FATAL_FAILURE(tracer.step());
  ASSERT_NO_FATAL_FAILURE(
      expect_one_report(subject, WUNTRACED, signal_stop(SIGSTOP)));

  subject.kill(SIGCONT);
  EXPECT_EQ(parent_wait_at_once(subject.pid(), WCONTINUED), kContinued);
  const bool woken = is_woken(interface, rearmed);
  settle();
  EXPECT_EQ(woken ? sigchld_comes(subject.pid()) : take_sigchld(), woken);
  ASSERT_NO_FATAL_FAILURE(tracer.step());
  settle();
  EXPECT_EQ(woken ? take_sigchld() : sigchld_comes(subject.pid()), !woken)
      << "when the tracee is resumed";
  EXPECT_EQ(parent_wait_at_once(subject.pid(), WUNTRACED | WCONTINUED),
            kNothing);
}

void report_to_the_parent_both(Placement placement, Interface interface) {
  for (const bool rearmed : {false, true}) {
    ASSERT_NO_FATAL_FAILURE(
        report_to_the_parent(placement, interface, rearmed));
  }
}

TEST_P(CommonRules, C15_RealParentSeesEachChangeOnce) {
  in_each_mode(report_to_the_parent_both, GetParam());
}

void mixed_group(Placement placement, Interface interface) {
  const Subject subject(placement, 3);
  ASSERT_EQ(seize(subject.tid(1), interface), kOk);
  expect_runs(subject, 0);
  subject.tgkill(0, SIGSTOP);  // an untraced thread dequeues it
  ASSERT_EQ(wait_eventually(subject.tid(1)), stop_trap(SIGSTOP));
  EXPECT_TRUE(subject.reaches_state('T', 0));
  EXPECT_TRUE(subject.reaches_state('T', 2));
  EXPECT_EQ(subject.state(1), 't');
  ASSERT_EQ(rearm(subject.tid(1), interface), kOk);
  ASSERT_EQ(wait_at_once(subject.tid(1)), kNothing);

  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(subject.tid(1)), stop_trap(SIGTRAP));
  expect_runs(subject, 0);
  expect_runs(subject, 2);
  const Stillness of_the_traced(subject, 1);
  of_the_traced.expect();
}

TEST_P(CommonRules, C19_UntracedThreadsKeepNormalJobControl) {
  in_each_mode(mixed_group, GetParam());
}

}  // namespace
}  // namespace retrap::conform
