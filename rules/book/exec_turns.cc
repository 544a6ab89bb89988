// SPDX-License-Identifier: GPL-2.0-only
#include "book/exec_turns.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/ptrace.h>

#include "book/requests.h"
#include "core/ptrace/patience.h"

namespace retrap::conform {
namespace {

// Resumes the thread that executes from whatever it reports, and its sibling
// from an EVENT_EXIT, and waits for that one: exec waits until the tracer has
// taken note of its death. The last status of the sibling.
WaitStatus resume_until_exec(const Subject& subject, pid_t executing,
                             pid_t sibling) {
  WaitStatus last = kNothing;
  Patience patience(subject.pid());
  while (!subject.has_executed() && patience.lasts()) {
    if (is_stop(wait_at_once(executing))) {
      (void)siginfo(executing);
      (void)cont(executing);
    }
    const WaitStatus status = wait_at_once(sibling);
    if (status != kNothing) last = status;
    if (status == event_stop(PTRACE_EVENT_EXIT)) (void)cont(sibling);
    (void)::sched_yield();  // to the exec, where it is on this CPU
  }
  return last;
}

}  // namespace

void expect_exec(const Subject& subject, int trapped) {
  const pid_t tid = subject.tid(trapped);
  const WaitStatus last =
      resume_until_exec(subject, subject.tid(1 - trapped), tid);
  ASSERT_TRUE(subject.has_executed()) << "exec hangs";
  EXPECT_EQ(wait_at_once(subject.tid(1)), kNoTracee);
  if (trapped != 0) {
    // do_group_exit(): a thread that makes room for exec exits with 0.
    EXPECT_TRUE(last == exited(0) || last == kNoTracee) << last;
  } else {  // the thread that executed has the tid of the leader
    ASSERT_EQ(interrupt(tid), kOk);
    // Or its first report was already taken, for one of the leader.
    if (registers(tid).error != kOk) {
      EXPECT_TRUE(is_stop(wait_eventually(tid)));
    }
  }
}

void sigcont_meets_exec(const Subject& subject, Encounter& encounter,
                        int trapped) {
  const pid_t tid = subject.tid(trapped);
  const pid_t executing = subject.tid(1 - trapped);
  subject.order(1 - trapped, Command::kExec);
  WaitStatus first{};
  const Errno answer = encounter.run([&] {
    const Errno error = cont(executing);
    first = wait_asleep(tid);
    return error;
  });
  ASSERT_EQ(answer, kOk);
  ASSERT_TRUE(encounter.finish());
  if (first == event_stop(PTRACE_EVENT_EXIT)) {
    ASSERT_EQ(cont(tid), kOk);
  } else {
    ASSERT_EQ(first, stop_trap(SIGTRAP));
  }
  ASSERT_NO_FATAL_FAILURE(expect_exec(subject, trapped));
}

}  // namespace retrap::conform
