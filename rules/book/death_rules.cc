// SPDX-License-Identifier: GPL-2.0-only
// What SIGKILL does to a tracee, whatever state it is in.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <cstdint>
#include <optional>
#include <string>

#include "book/death_turns.h"
#include "book/race.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {
namespace {

constexpr int kExitCode = stop_code_of(event_stop(PTRACE_EVENT_EXIT));

void expect_gone(pid_t pid) {
  EXPECT_EQ(wait_at_once(pid), kNoTracee);
  EXPECT_EQ(siginfo(pid).error, Errno{ESRCH});
  EXPECT_EQ(registers(pid).error, Errno{ESRCH});
  EXPECT_EQ(cont(pid), Errno{ESRCH});
  EXPECT_EQ(listen(pid), Errno{ESRCH});
  EXPECT_EQ(jobctl_cont(pid), Errno{ESRCH});
  EXPECT_EQ(interrupt(pid), Errno{ESRCH});
  EXPECT_EQ(detach(pid), Errno{ESRCH});
  EXPECT_EQ(request(PTRACE_KILL, pid), Errno{ESRCH});
}

// Calls `rule` for every mode and state.
template <typename Rule>
void in_every_state(Rule rule) {
  for (const Interface interface : offered_interfaces()) {
    for (const Situation& situation : all_situations()) {
      SCOPED_TRACE(std::string(interface_name(interface)) + ", " +
                   std::string(situation.name));
      ASSERT_NO_FATAL_FAILURE(rule(interface, situation));
    }
  }
}

TEST_P(CommonRules, C06_SigkillEndsEveryState) {
  in_every_state([this](Interface interface, const Situation& situation) {
    for (const unsigned long options : {0UL, 0UL + PTRACE_O_TRACEEXIT}) {
      SCOPED_TRACE(options == 0 ? "without TRACEEXIT" : "TRACEEXIT");
      Subject subject(GetParam(), 1, situation.body);
      ASSERT_NO_FATAL_FAILURE(situation.enter(subject, interface, options));
      subject.kill(SIGKILL);
      ASSERT_NO_FATAL_FAILURE(expect_death(subject));
      expect_gone(subject.pid());
    }
  });
}

TEST_P(CommonRules, C07_PtraceKillEndsEveryState) {
  in_every_state([this](Interface interface, const Situation& situation) {
    Subject subject(GetParam(), 1, situation.body);
    ASSERT_NO_FATAL_FAILURE(situation.enter(subject, interface, 0));
    EXPECT_EQ(request(PTRACE_KILL, subject.pid()), kOk);
    ASSERT_NO_FATAL_FAILURE(expect_death(subject));
  });
}

// A request each of them, so that each meets SIGKILL.
Errno any_request(pid_t pid, Interface interface, std::uint64_t turn) {
  switch (turn % 5) {
    case 0:
      return rearm(pid, interface);
    case 1:
      return cont(pid);
    case 2:
      return siginfo(pid).error;
    case 3:
      return interrupt(pid);
    default:
      return registers(pid).error;
  }
}

void sigkill_meets_requests(Placement placement, Interface interface) {
  Orders orders;
  std::optional<Race> race;
  const std::uint64_t turns = lethal_turns();
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    const unsigned long exit_option = turn % 2 == 0 ? PTRACE_O_TRACEEXIT : 0;
    Subject subject(placement, 1, Body::kPause);
    ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface, exit_option));
    if (!race) race.emplace(subject.pid(), SIGKILL, orders);
    race->aim(subject.pid());
    ASSERT_NO_FATAL_FAILURE(sigkill_meets_request(
        subject, *race,
        [&] { return any_request(subject.pid(), interface, turn / 2); }))
        << "turn " << turn;
  }
  orders.expect_both(std::string(interface_name(interface)), turns);
}

TEST_P(CommonRules, C06_SigkillThatMeetsARequestEnds) {
  in_each_mode(sigkill_meets_requests, GetParam());
}

// P1: a tracer with TRACEEXIT looks at a report when SIGKILL has come. Its
// requests find no tracee, then one in EVENT_EXIT: no STOP trap, whatever a
// failed GETSIGINFO suggests, so that LISTEN is EIO (what strace dies of).
void sigkill_between_report_and_request(Placement placement,
                                        Interface interface) {
  Subject subject(placement);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface, PTRACE_O_TRACEEXIT));
  subject.kill(SIGURG);
  ASSERT_EQ(wait_eventually(pid), signal_stop(SIGURG));
  ASSERT_EQ(siginfo(pid).signo, SIGURG);

  subject.kill(SIGKILL);
  const Errno early = siginfo(pid).error;
  EXPECT_TRUE(early == kOk || early == Errno{ESRCH}) << early;
  ASSERT_EQ(wait_eventually(pid), event_stop(PTRACE_EVENT_EXIT));
  EXPECT_EQ(siginfo(pid), (Info{kOk, SIGTRAP, kExitCode, false}));
  EXPECT_EQ(listen(pid), Errno{EIO});
  EXPECT_EQ(jobctl_cont(pid), Errno{EIO});
  EXPECT_EQ(registers(pid).error, kOk);
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_death(subject));
}

TEST_P(CommonRules, P1_SigkillBetweenReportAndRequestMakesListenEio) {
  in_each_mode(sigkill_between_report_and_request, GetParam());
}

// P1 without a wait in between, as strace does it: no request but LISTEN
// tells of EVENT_EXIT.
void sigkill_unseen(Placement placement, Interface interface) {
  std::uint64_t seen = 0;
  std::uint64_t turn = 0;
  for (; turn < lethal_turns(); ++turn) {
    Subject subject(placement, 1, Body::kPause);
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(
        seize_and_stop(subject, interface, PTRACE_O_TRACEEXIT));
    subject.kill(SIGKILL);
    const Errno error = listen(pid);
    ASSERT_TRUE(error == Errno{ESRCH} || error == Errno{EIO})
        << error << ", turn " << turn;
    if (error == Errno{EIO}) ++seen;
    ASSERT_NO_FATAL_FAILURE(expect_death(subject)) << "turn " << turn;
  }
  ::testing::Test::RecordProperty(
      "eio_" + std::string(interface_name(interface)), std::to_string(seen));
  record_turns(interface, turn);
}

TEST_P(CommonRules, P1_ListenRightAfterSigkillIsEsrchOrEio) {
  in_each_mode(sigkill_unseen, GetParam());
}

}  // namespace
}  // namespace retrap::conform
