// SPDX-License-Identifier: GPL-2.0-only
// ML06 and PN09: a tracee that was woken is not hidden on its way to the next
// trap. Rules of what may be; that async-retrap hides it is AR02.
#include <gtest/gtest.h>
#include <signal.h>

#include <cstdint>
#include <string>

#include "book/options.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"

namespace retrap::conform {
namespace {

enum class Event { kInterrupt, kSigcont };

// How often the first call after the event found the tracee on its way.
struct Sightings {
  std::uint64_t empty_waits = 0;
  std::uint64_t refused_requests = 0;
};

// Waits, or makes a request, right after the event; then the report comes.
void look_at_once(const Subject& subject, Event event, bool by_wait,
                  Sightings& seen) {
  const pid_t pid = subject.pid();
  if (event == Event::kInterrupt) {
    ASSERT_EQ(interrupt(pid), kOk);
  } else {
    subject.kill(SIGCONT);
  }
  WaitStatus status = kNothing;
  if (by_wait) {
    status = wait_at_once(pid);
    if (status == kNothing) ++seen.empty_waits;
  } else {
    const Errno error = registers(pid).error;
    ASSERT_TRUE(error == kOk || error == Errno{ESRCH}) << error;
    if (error != kOk) ++seen.refused_requests;
  }
  if (status == kNothing) status = wait_eventually(pid);
  ASSERT_EQ(status, stop_trap(SIGTRAP)) << "the event is lost";
  ASSERT_EQ(registers(pid).error, kOk);
  ASSERT_EQ(wait_at_once(pid), kNothing);
}

void expect_visible(Placement placement, Interface interface, Event event) {
  const Subject subject(placement);
  ASSERT_NO_FATAL_FAILURE(seize_all(subject, interface));
  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  Sightings seen;
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    ASSERT_EQ(rearm(subject.pid(), interface), kOk);
    ASSERT_NO_FATAL_FAILURE(look_at_once(subject, event, turn % 2 == 0, seen))
        << "turn " << turn;
  }
  const std::string name =
      event == Event::kInterrupt ? "after_interrupt" : "after_sigcont";
  ::testing::Test::RecordProperty(name + "_empty_waits",
                                  std::to_string(seen.empty_waits));
  ::testing::Test::RecordProperty(name + "_refused_requests",
                                  std::to_string(seen.refused_requests));
}

TEST_P(ListenRules, ML06_TransitionAfterAnEventMayBeSeen) {
  for (const Event event : {Event::kInterrupt, Event::kSigcont}) {
    ASSERT_NO_FATAL_FAILURE(
        expect_visible(GetParam(), Interface::kListen, event));
  }
}

TEST_P(PleaseNotifyRules, PN09_TransitionAfterSigcontMayBeSeen) {
  expect_visible(GetParam(), Interface::kPleaseNotify, Event::kSigcont);
}

}  // namespace
}  // namespace retrap::conform
