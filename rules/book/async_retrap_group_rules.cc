// SPDX-License-Identifier: GPL-2.0-only
// AR: changes that come while the tracee is elsewhere, and several threads.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>

#include "book/options.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

TEST_P(AsyncRetrapRules, AR07_ChangeBetweenGetsiginfoAndContRetraps) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const UserMode user_mode(subject);
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(siginfo(pid).error, kOk);
    subject.kill(SIGCONT);
    ASSERT_EQ(cont(pid), kOk);  // of the old trap or of the new one
    ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
    user_mode.expect_not_entered();
  }
  ASSERT_EQ(siginfo(pid).error, kOk);
  expect_sigcont_delivered(subject);
}

// A STOP trap of every earlier change is still to come; GETSIGINFO wins.
TEST_P(AsyncRetrapRules, AR12_UnwaitedReportsBecomeOne) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  for (int change = 0; change < 5; ++change) subject.kill(SIGCONT);
  ASSERT_EQ(registers(pid).error, kOk);  // the last re-trap is over
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
  const Stillness one_report(subject);
  one_report.expect();
}

TEST_P(AsyncRetrapRules, AR12_TheNewStatusReplacesTheUnwaitedOne) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(find_situation("group-stop, not waited")
                              .enter(subject, Interface::kAsyncRetrap, 0));
  ASSERT_EQ(peek_wait_eventually(pid), stop_trap(SIGSTOP));
  subject.kill(SIGCONT);
  EXPECT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  const Stillness one_report(subject);
  one_report.expect();
}

TEST_P(AsyncRetrapRules, AR14_EachThreadRetrapsAndIsAcknowledged) {
  const Subject subject(GetParam(), 2);
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  subject.kill(SIGCONT);
  for (int thread = 0; thread < 2; ++thread) {
    ASSERT_EQ(wait_eventually(subject.tid(thread)), stop_trap(SIGTRAP));
  }
  ASSERT_EQ(siginfo(subject.tid(0)).error, kOk);
  const UserMode unacknowledged(subject, 1);
  ASSERT_EQ(cont(subject.tid(1)), kOk);
  ASSERT_EQ(wait_eventually(subject.tid(1)), stop_trap(SIGTRAP));
  unacknowledged.expect_not_entered();
}

TEST_P(AsyncRetrapRules, AR22_WnowaitSeesTheRetrapAtOnce) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  subject.kill(SIGCONT);
  EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(peek_wait_at_once(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(peek_wait_at_once(pid), kNothing);
}

TEST_P(AsyncRetrapRules, AR24_EachRetrapSwitchesContexts) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const auto switches = subject.voluntary_switches();
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  ASSERT_EQ(registers(pid).error, kOk);  // off its CPU again
  EXPECT_GE(subject.voluntary_switches(), switches + 1);
}

}  // namespace
}  // namespace retrap::conform
