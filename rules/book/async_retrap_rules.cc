// SPDX-License-Identifier: GPL-2.0-only
// AR: the trapped tracee re-traps by itself; GETSIGINFO acknowledges. A
// reconstruction of T. Heo's design of 2011. "T" is a waited STOP trap.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cstdint>

#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kAsyncRetrap;

// T after SIGCONT, not acknowledged.
void retrap_by_sigcont(const Subject& subject) {
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(subject.pid()), stop_trap(SIGTRAP));
}

// After the tracer's kill(SIGCONT), no call of the tracer may find the gap.
struct Gaps {
  std::uint64_t waits = 0;     // WNOHANG without a status
  std::uint64_t requests = 0;  // refused
  std::uint64_t statuses = 0;  // not STOP(TRAP)
};

// On odd turns a request comes first: another kind each time.
Errno any_request(pid_t tid, std::uint64_t turn) {
  switch (turn % 3) {
    case 0:
      return registers(tid).error;
    case 1:
      return peek(tid, &kMode);
    default:
      return siginfo(tid).error;
  }
}

void look_for_gap(const Subject& subject, std::uint64_t turn, Gaps& gaps) {
  const pid_t pid = subject.pid();
  if (turn % 2 == 1 && any_request(pid, turn / 2) != kOk) ++gaps.requests;
  WaitStatus status = wait_at_once(pid);
  if (status == kNothing) {
    ++gaps.waits;
    status = wait_eventually(pid);
    ASSERT_NE(status, kNothing) << "the event is lost";
  }
  if (status != stop_trap(SIGTRAP)) ++gaps.statuses;
  ASSERT_EQ(siginfo(pid).error, kOk);
}

void expect_none(const Gaps& gaps, std::uint64_t turns) {
  EXPECT_EQ(gaps.waits, 0U) << "of " << turns << " WNOHANG returned 0";
  EXPECT_EQ(gaps.requests, 0U) << "of " << turns << " requests were refused";
  EXPECT_EQ(gaps.statuses, 0U) << "of " << turns << " had another status";
}

// T after SIGCONT, acknowledged -> T in a new group-stop, acknowledged.
void stop_once_more(const Subject& subject) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGCONT));
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(stop_group(subject));
  ASSERT_EQ(siginfo(pid).signo, SIGSTOP);
}

// Resumes without acknowledgement, `turns` times, in each way there is.
void expect_retraps(const Subject& subject, int sig, int turns) {
  const pid_t pid = subject.pid();
  const UserMode user_mode(subject);
  for (int turn = 0; turn < turns; ++turn) {
    for (const auto how : {PTRACE_CONT, PTRACE_SYSCALL, PTRACE_SINGLESTEP}) {
      ASSERT_EQ(request(how, pid), kOk);
      ASSERT_EQ(wait_eventually(pid), stop_trap(sig));
      user_mode.expect_not_entered();
    }
  }
}

TEST_P(AsyncRetrapRules, AR01_SigcontRetrapsByItself) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const Stillness before(subject);
  before.expect();

  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(registers(pid).error, kOk);
  EXPECT_TRUE(take_sigchld());
  EXPECT_FALSE(siginfo(pid).stopped);
  const Stillness one_report(subject);
  one_report.expect();
}

TEST_P(AsyncRetrapRules, AR01_GroupStopBySiblingRetrapsByItself) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  expect_runs_silently(subject, 1);
  ASSERT_EQ(wait_at_once(subject.tid(0)), kNothing);

  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 1, SIGTSTP));
  EXPECT_EQ(wait_eventually(subject.tid(0)), stop_trap(SIGTSTP));
  const Info info = siginfo(subject.tid(0));
  EXPECT_EQ(info.signo, SIGTSTP);
  EXPECT_TRUE(info.stopped);
}

// A change of state each turn.
TEST_P(AsyncRetrapRules, AR02_TracerNeverSeesTheGapOfARealChange) {
  const Subject subject(GetParam(), 1, Body::kPause);
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const std::uint64_t turns = options().count;
  Gaps gaps;
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    ASSERT_EQ(wait_at_once(subject.pid()), kNothing) << "turn " << turn;
    subject.kill(SIGCONT);
    ASSERT_NO_FATAL_FAILURE(look_for_gap(subject, turn, gaps));
    ASSERT_NO_FATAL_FAILURE(stop_once_more(subject)) << "turn " << turn;
  }
  expect_none(gaps, turns);
}

// Any SIGCONT is a notification (Q13): many turns in a short time.
TEST_P(AsyncRetrapRules, AR02_TracerNeverSeesTheGapOfSigcont) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  Gaps gaps;
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(wait_at_once(subject.pid()), kNothing) << "turn " << turn;
    subject.kill(SIGCONT);
    ASSERT_NO_FATAL_FAILURE(look_for_gap(subject, turn, gaps));
  }
  expect_none(gaps, options().count);
}

TEST_P(AsyncRetrapRules, AR04_GetsiginfoReturnsTheStateNow) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  subject.kill(SIGCONT);
  const Info info = siginfo(subject.pid());  // the new status is not waited
  EXPECT_EQ(info.error, kOk);
  EXPECT_FALSE(info.stopped);
  EXPECT_EQ(info.signo, SIGTRAP);
  EXPECT_EQ(wait_eventually(subject.pid()), stop_trap(SIGTRAP));
}

TEST_P(AsyncRetrapRules, AR05_ContWithoutGetsiginfoRetraps) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_NO_FATAL_FAILURE(retrap_by_sigcont(subject));
  ASSERT_NO_FATAL_FAILURE(expect_retraps(subject, SIGTRAP, 30));
  ASSERT_EQ(siginfo(subject.pid()).signo, SIGTRAP);
  expect_sigcont_delivered(subject);
}

// Q5: the first report of a group-stop is a change as well.
TEST_P(AsyncRetrapRules, AR05_GroupStopWithoutGetsiginfoRetraps) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(expect_retraps(subject, SIGSTOP, 30));
  ASSERT_EQ(siginfo(subject.pid()).signo, SIGSTOP);
  ASSERT_EQ(cont(subject.pid()), kOk);
  expect_runs_silently(subject);
}

TEST_P(AsyncRetrapRules, AR06_ContAfterGetsiginfoRuns) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_EQ(cont(subject.pid()), kOk);
  expect_runs_silently(subject);
}

TEST_P(AsyncRetrapRules, AR06_ContAfterAcknowledgedSigcontRuns) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_NO_FATAL_FAILURE(retrap_by_sigcont(subject));
  ASSERT_EQ(siginfo(subject.pid()).signo, SIGTRAP);
  expect_sigcont_delivered(subject);
}

// Q5: the trap of an INTERRUPT is no change.
TEST_P(AsyncRetrapRules, AR06_ContAfterInterruptNeedsNoGetsiginfo) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(cont(subject.pid()), kOk);
  expect_runs_silently(subject);
}

// SIGCONT in the signal-delivery-stop of SIGUSR1, then GETSIGINFO.
void expect_undisturbed_and_unacknowledged(const Subject& subject) {
  const pid_t pid = subject.pid();
  const UserMode user_mode(subject);
  const Stillness stillness(subject);
  subject.kill(SIGCONT);
  stillness.expect();
  EXPECT_EQ(siginfo(pid).signo, SIGUSR1);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
}

TEST_P(AsyncRetrapRules, AR10_GetsiginfoInOtherStopsIsNoAcknowledgement) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  subject.kill(SIGUSR1);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGUSR1));
  expect_undisturbed_and_unacknowledged(subject);
}

TEST_P(AsyncRetrapRules, AR08_SiginfoOfAStopTrapMakesNone) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_into_disguised_stop(subject, kMode));
  expect_undisturbed_and_unacknowledged(subject);
}

TEST_P(AsyncRetrapRules, AR17_SigcontInRunningGroupRetraps) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, kMode));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  const Stillness before(subject);
  before.expect();
  ASSERT_NO_FATAL_FAILURE(retrap_by_sigcont(subject));
  EXPECT_EQ(registers(subject.pid()).error, kOk);
  EXPECT_TRUE(take_sigchld());  // of the trap: nothing was continued
}

TEST_P(AsyncRetrapRules, AR18_SetsiginfoIsRefused) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const Info before = siginfo(pid);
  EXPECT_EQ(set_siginfo(pid, SIGUSR1, SI_USER), Errno{EINVAL});
  EXPECT_EQ(siginfo(pid), before);
}

TEST_P(AsyncRetrapRules, AR19_DetachNeedsNoGetsiginfo) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  ASSERT_NO_FATAL_FAILURE(retrap_by_sigcont(subject));
  EXPECT_EQ(detach(subject.pid()), kOk);
  expect_runs_silently(subject);
}

TEST_P(AsyncRetrapRules, AR25_ListenAndJobctlContAreEio) {
  const Subject subject(GetParam());
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const Stillness stillness(subject);
  // No request after a wrong answer: a tracee that listens in this mode is one
  // that ptrace(2) may wait for, for ever.
  ASSERT_EQ(listen(subject.pid()), Errno{EIO});
  ASSERT_EQ(jobctl_cont(subject.pid()), Errno{EIO});
  stillness.expect();
}

}  // namespace
}  // namespace retrap::conform
