// SPDX-License-Identifier: GPL-2.0-only
// Rules of all families that are races between SIGCONT and a request, as
// stress: the signaller runs beside the tracer.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <string>

#include "book/options.h"
#include "book/race.h"
#include "book/race_turns.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

void run_turns(const Subject& subject, Turn turn, const std::string& call,
               std::uint64_t turns) {
  Orders orders;
  Race race(subject.pid(), SIGCONT, orders);
  for (std::uint64_t i = 0; i < turns; ++i) {
    ASSERT_NO_FATAL_FAILURE(turn(subject, race)) << "turn " << i;
  }
  orders.expect_both(call, turns);
}

// For the turns that begin in user mode.
void race_from_user_mode(Placement placement, Interface interface, Turn turn,
                         const std::string& call,
                         std::uint64_t turns = options().count) {
  const Subject subject(placement, 1, Body::kPause);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  run_turns(subject, turn, call, turns);
}

// For those that begin with a group-stop, which makes a turn five times longer.
void race_from_group_stop(Placement placement, Turn turn,
                          const std::string& call) {
  race_from_user_mode(placement, Interface::kPleaseNotify, turn, call,
                      options().count / 5 + 1);
}

// For the turns that begin in STOP(TRAP).
void race_from_trap(Placement placement, Interface interface, Turn turn,
                    const std::string& call) {
  const Subject subject(placement, 1, Body::kPause);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  run_turns(subject, turn, call, options().count);
}

TEST_P(ListenRules, ML22_SigcontIsNeverLostByListen) {
  race_from_trap(GetParam(), Interface::kListen, sigcont_meets_listen,
                 "listen");
}

TEST_P(ListenRules, ML23_InterruptAndSigcontReportTheCurrentState) {
  race_from_user_mode(GetParam(), Interface::kListen,
                      sigcont_meets_interrupt_while_listening, "interrupt");
}

TEST_P(RepublishRules, LR04_InterruptAndSigcontReportTheCurrentState) {
  race_from_user_mode(GetParam(), *republishing(),
                      sigcont_meets_interrupt_while_listening, "interrupt");
}

TEST_P(AsyncRetrapRules, AR07_SigcontThatMeetsGetsiginfoIsAcknowledgedOrOwed) {
  race_from_user_mode(GetParam(), Interface::kAsyncRetrap,
                      sigcont_meets_getsiginfo, "getsiginfo");
}

TEST_P(AsyncRetrapRules, AR27_SigcontIsNeverLostByCont) {
  race_from_user_mode(GetParam(), Interface::kAsyncRetrap, sigcont_meets_cont,
                      "cont");
}

TEST_P(PleaseNotifyRules, PN24_SigcontIsNeverLostByJobctlCont) {
  race_from_trap(GetParam(), Interface::kPleaseNotify,
                 sigcont_meets_jobctl_cont, "jobctl_cont");
}

TEST_P(PleaseNotifyRules, PN24_SigcontAndInterruptReportOnce) {
  race_from_trap(GetParam(), Interface::kPleaseNotify,
                 sigcont_meets_interrupt_after_jobctl_cont, "interrupt");
}

TEST_P(PleaseNotifyRules, PN24_EndOfAGroupStopIsNeverLostByJobctlCont) {
  race_from_group_stop(GetParam(), sigcont_meets_jobctl_cont_in_group_stop,
                       "jobctl_cont");
}

TEST_P(PleaseNotifyRules, PN24_EndOfAGroupStopIsNeverLostByInterrupt) {
  race_from_group_stop(GetParam(), sigcont_meets_interrupt_then_jobctl_cont,
                       "interrupt");
}

TEST_P(PleaseNotifyRules, PN24_EndOfAGroupStopIsOwedToCont) {
  race_from_group_stop(GetParam(), sigcont_meets_interrupt_then_cont,
                       "interrupt");
}

}  // namespace
}  // namespace retrap::conform
