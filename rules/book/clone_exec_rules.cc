// SPDX-License-Identifier: GPL-2.0-only
// C: threads that come and go while their siblings are trapped.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>

#include "book/exec_turns.h"
#include "book/race.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/ptrace/interface.h"

namespace retrap::conform {
namespace {

// A thread cloned in a stopped group, and its first report.
void clone_in_stopped_group(const Subject& subject, Interface interface,
                            pid_t& cloned) {
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(
      seize_and_stop(subject, interface, PTRACE_O_TRACECLONE));
  ASSERT_NO_FATAL_FAILURE(resume_in_stopped_group(subject));
  subject.order(0, Command::kClone);
  ASSERT_EQ(wait_eventually(pid), event_stop(PTRACE_EVENT_CLONE));
  unsigned long tid = 0;
  ASSERT_EQ(request(PTRACE_GETEVENTMSG, pid, 0,
                    reinterpret_cast<unsigned long>(&tid)),
            kOk);
  cloned = static_cast<pid_t>(tid);
  ASSERT_EQ(wait_eventually(cloned), stop_trap(SIGSTOP));
}

void cloned_thread_joins(Placement placement, Interface interface) {
  const Subject subject(placement);
  pid_t cloned = 0;
  clone_in_stopped_group(subject, interface, cloned);
}

TEST_P(CommonRules, C13_ThreadClonedInStoppedGroupJoinsTheStop) {
  in_each_mode(cloned_thread_joins, GetParam());
}

// Nobody seized it: the mode comes with the tracer.
void cloned_thread_has_the_mode(Placement placement, Interface interface) {
  const Subject subject(placement);
  pid_t cloned = 0;
  ASSERT_NO_FATAL_FAILURE(clone_in_stopped_group(subject, interface, cloned));
  ASSERT_NO_FATAL_FAILURE(expect_mode(subject, cloned, interface));
}

TEST_P(CommonRules, C13_ClonedThreadIsInTheModeOfItsMaker) {
  in_each_mode(cloned_thread_has_the_mode, GetParam());
}

// Brings thread `trapped` of a stopped group of two there while the other one
// executes another program, and waits until that runs.
void exec_beside(Placement placement, Interface interface, int trapped,
                 bool rearmed, void (*resume)(const Subject&, int),
                 const std::function<void(const Subject&)>& meanwhile) {
  const Subject subject(placement, 2, Body::kNap);
  const pid_t tid = subject.tid(trapped);
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, interface));
  ASSERT_NO_FATAL_FAILURE(resume(subject, 1 - trapped));
  if (rearmed) {
    ASSERT_EQ(rearm(tid, interface), kOk);
  }
  ASSERT_EQ(wait_at_once(tid), kNothing);
  ASSERT_EQ(subject.state(trapped), 't');
  subject.order(1 - trapped, Command::kExec);
  meanwhile(subject);
  ASSERT_NO_FATAL_FAILURE(expect_exec(subject, trapped));
}

void exec_beside_trapped(Placement placement, Interface interface) {
  for (const int trapped : {0, 1}) {
    for (const bool rearmed : {false, true}) {
      SCOPED_TRACE(::testing::Message() << "thread " << trapped << ", "
                                        << (rearmed ? "re-armed" : "trapped"));
      ASSERT_NO_FATAL_FAILURE(exec_beside(placement, interface, trapped,
                                          rearmed, resume_in_stopped_group,
                                          [](const Subject&) {}));
    }
  }
}

TEST_P(CommonRules, C18_ExecEndsATrappedSibling) {
  in_each_mode(exec_beside_trapped, GetParam());
}

// Listens to no silence, which would be most of a turn.
void resume_at_once(const Subject& subject, int thread) {
  const pid_t tid = subject.tid(thread);
  ASSERT_EQ(siginfo(tid).error, kOk);  // AR: acknowledged
  ASSERT_EQ(cont(tid), kOk);
  expect_runs(subject, thread);
  EXPECT_EQ(wait_at_once(tid), kNothing);
}

// The SIGCONT of a turn comes at another point of the exec than that of the
// last: `turn` of kPoints of the time that a whole turn took. The re-trap of
// one meets the exec of the other, which is notified too.
class Points {
 public:
  void send_sigcont(const Subject& subject, std::uint64_t turn) {
    constexpr int kPoints = 64;
    const auto point = static_cast<int>(turn % kPoints);
    begin_ = Clock::now();
    const auto end = begin_ + took_ * point / kPoints;
    while (Clock::now() < end) (void)::sched_yield();  // to the exec
    if (subject.has_executed()) ++after_;
    subject.kill(SIGCONT);
  }
  void end_turn() { took_ = Clock::now() - begin_; }
  [[nodiscard]] std::uint64_t after() const { return after_; }

 private:
  using Clock = std::chrono::steady_clock;
  Clock::time_point begin_;
  Clock::duration took_{};
  std::uint64_t after_ = 0;  // turns whose exec was over by then
};

void exec_meets_retrap(Placement placement, Interface interface) {
  constexpr std::uint64_t kTurnsThatListen = 101;
  // A fifth of the lethal turns: exec costs the most of them.
  const std::uint64_t turns = lethal_turns() / 5 + 1;
  Points points;
  std::uint64_t turn = 0;
  for (; turn < turns; ++turn) {
    SCOPED_TRACE(::testing::Message() << "turn " << turn);
    ASSERT_NO_FATAL_FAILURE(exec_beside(
        placement, interface, static_cast<int>(turn % 2), true,
        turn < kTurnsThatListen ? resume_in_stopped_group : resume_at_once,
        [&](const Subject& subject) {
          points.send_sigcont(subject, turn / 2);
        }));
    points.end_turn();
  }
  record_turns(interface, turn);
  ::testing::Test::RecordProperty(
      "after_" + std::string(interface_name(interface)),
      std::to_string(points.after()));
}

TEST_P(CommonRules, C18_ExecMeetsTheRetrapOfASibling) {
  in_each_mode(exec_meets_retrap, GetParam());
}

}  // namespace
}  // namespace retrap::conform
