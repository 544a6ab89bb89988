// SPDX-License-Identifier: GPL-2.0-only
#include "book/death_turns.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <cerrno>

#include "book/situations.h"

namespace retrap::conform {
namespace {

// It is served or there is no tracee any more, and EIO where it found the
// EVENT_EXIT that SIGKILL led to.
bool is_answer_to_the_dying(Errno error) {
  return error == kOk || error == Errno{ESRCH} || error == Errno{EIO};
}

}  // namespace

void sigkill_meets_request(Subject& subject, Encounter& encounter,
                           const std::function<Errno()>& request) {
  const Errno answer = encounter.run(request);
  ASSERT_TRUE(is_answer_to_the_dying(answer)) << answer;
  ASSERT_TRUE(encounter.finish());
  ASSERT_NO_FATAL_FAILURE(expect_death(subject));
}

void sigkill_meets_retrap(Subject& subject, Encounter& encounter) {
  WaitStatus status{};
  (void)encounter.run([&] {
    subject.kill(SIGCONT);
    status = wait_at_once(subject.pid());
    return kOk;
  });
  ASSERT_TRUE(encounter.finish());
  ASSERT_TRUE(status == kNothing || status == killed_by(SIGKILL) ||
              status == stop_trap(SIGTRAP))
      << status;
  if (status == killed_by(SIGKILL)) {
    subject.set_reaped();
  } else {
    ASSERT_NO_FATAL_FAILURE(expect_death(subject));
  }
}

}  // namespace retrap::conform
