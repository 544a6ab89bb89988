// SPDX-License-Identifier: GPL-2.0-only
// What a tracer that dies leaves behind: C08 and C09, and their cases AR21 and
// PN23.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdint>
#include <string>
#include <string_view>

#include "book/race.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "book/tracer_process.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {
namespace {

// The tracee of a tracer that will die, and whether its group is stopped then.
struct LastState {
  std::string_view situation;
  bool stopped;
};

constexpr LastState kTrapped{"group-stop", true};
constexpr LastState kTrappedThenSigcont{"group-stop, then SIGCONT", false};
constexpr LastState kRunningInStopped{"running in a stopped group", true};
constexpr LastState kRearmedStopped{"re-armed in group-stop", true};
constexpr LastState kRearmedInterrupted{"re-armed in STOP(TRAP)", false};
constexpr LastState kRetrapInFlight{"re-trap in flight", false};
constexpr LastState kInterruptInFlight{"INTERRUPT in flight", true};
constexpr LastState kLastStates[] = {
    kTrapped,          kTrappedThenSigcont, kRunningInStopped,
    kRearmedStopped,   kRearmedInterrupted, kRetrapInFlight,
    kInterruptInFlight};

// The tracer brings the subject there and dies.
void die_in(const LastState& state, const Subject& subject, Interface interface,
            unsigned long options) {
  const Situation& situation = find_situation(state.situation);
  TracerProcess tracer({[&] { situation.enter(subject, interface, options); }});
  ASSERT_NO_FATAL_FAILURE(tracer.step());
  tracer.die();
}

// The group-stop outlives the tracer, and is reported to the parent; or the
// subject runs. In the end it obeys to job control.
void expect_left_in(const LastState& state, const Subject& subject) {
  if (state.stopped) {
    EXPECT_TRUE(subject.reaches_state('T'));
    EXPECT_EQ(parent_wait_eventually(subject.pid(), WUNTRACED),
              signal_stop(SIGSTOP));
    subject.kill(SIGCONT);
  }
  expect_runs(subject);
  EXPECT_EQ(subject.state(), 'R');
  subject.kill(SIGSTOP);
  EXPECT_TRUE(subject.reaches_state('T')) << "job control is out of order";
}

void expect_let_go(Placement placement, Interface interface,
                   const LastState& state) {
  SCOPED_TRACE(std::string(state.situation));
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(die_in(state, subject, interface, 0));
  expect_left_in(state, subject);
}

void expect_killed(Placement placement, Interface interface,
                   const LastState& state) {
  SCOPED_TRACE(std::string(state.situation) + ", EXITKILL");
  Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(die_in(state, subject, interface, PTRACE_O_EXITKILL));
  ASSERT_EQ(parent_wait_eventually(subject.pid(), 0), killed_by(SIGKILL));
  subject.set_reaped();
}

TEST_P(CommonRules, C08_DeadTracerLeavesTheGroupAsItIs) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    for (const LastState& state : kLastStates) {
      ASSERT_NO_FATAL_FAILURE(expect_let_go(GetParam(), interface, state));
    }
  }
}

TEST_P(CommonRules, C09_ExitkillEndsEveryState) {
  for (const Interface interface : offered_interfaces()) {
    SCOPED_TRACE(std::string(interface_name(interface)));
    for (const LastState& state : kLastStates) {
      ASSERT_NO_FATAL_FAILURE(expect_killed(GetParam(), interface, state));
    }
  }
}

// Again and again: the tracer dies at another point of the re-trap.
TEST_P(AsyncRetrapRules, AR21_TracerDeathMeetsTheRetrap) {
  const Interface mode = Interface::kAsyncRetrap;
  std::uint64_t turn = 0;
  for (; turn < lethal_turns(); turn += 2) {
    ASSERT_NO_FATAL_FAILURE(expect_let_go(GetParam(), mode, kRetrapInFlight));
    ASSERT_NO_FATAL_FAILURE(expect_killed(GetParam(), mode, kRetrapInFlight));
  }
  record_turns(mode, turn);
}

TEST_P(PleaseNotifyRules, PN23_SigkillAndTracerDeathAfterJobctlCont) {
  const Interface mode = Interface::kPleaseNotify;
  for (const LastState& state : {kRearmedStopped, kRearmedInterrupted}) {
    ASSERT_NO_FATAL_FAILURE(expect_let_go(GetParam(), mode, state));
    ASSERT_NO_FATAL_FAILURE(expect_killed(GetParam(), mode, state));
    Subject subject(GetParam());
    ASSERT_NO_FATAL_FAILURE(
        find_situation(state.situation).enter(subject, mode, 0));
    ASSERT_EQ(registers(subject.pid()).error, Errno{ESRCH}) << "not J";
    subject.kill(SIGKILL);
    ASSERT_NO_FATAL_FAILURE(expect_death(subject));
  }
}

}  // namespace
}  // namespace retrap::conform
