// SPDX-License-Identifier: GPL-2.0-only
// AR: what a request meets while changes go on.
#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdint>
#include <thread>

#include "book/options.h"
#include "book/parallel.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kAsyncRetrap;
constexpr std::uint64_t kShare = 20;  // a turn is some twenty system calls
constexpr std::uint64_t kLeastTurns = 50;
constexpr useconds_t kNapUs = 50;

// Sends SIGCONT without end from the tracer's CPU, while `blows`. The tracer is
// SCHED_FIFO, so that it blows only as long as the tracer sleeps.
class Storm {
 public:
  explicit Storm(const Subject& subject)
      : thread_([this, &subject] {
          const sched_param other{0};
          (void)::sched_setscheduler(0, SCHED_OTHER, &other);
          pin_to_cpu(usable_cpus().front());
          is_up_ = true;
          while (!over_) {
            if (!blows) continue;
            subject.kill(SIGCONT);
            ++sent;
          }
        }) {
    while (!is_up_) ::usleep(kNapUs);  // the tracer has its CPU
  }
  Storm(const Storm&) = delete;
  Storm& operator=(const Storm&) = delete;
  Storm(Storm&&) = delete;
  Storm& operator=(Storm&&) = delete;
  ~Storm() {
    over_ = true;
    thread_.join();
  }

  std::atomic<bool> blows{false};
  std::atomic<std::uint64_t> sent{0};

 private:
  std::atomic<bool> is_up_{false};
  std::atomic<bool> over_{false};
  std::thread thread_;
};

class RealTime {
 public:
  RealTime() noexcept {
    const sched_param first{1};
    granted_ = ::sched_setscheduler(0, SCHED_FIFO, &first) == 0;
  }
  RealTime(const RealTime&) = delete;
  RealTime& operator=(const RealTime&) = delete;
  RealTime(RealTime&&) = delete;
  RealTime& operator=(RealTime&&) = delete;
  ~RealTime() {
    const sched_param other{0};
    (void)::sched_setscheduler(0, SCHED_OTHER, &other);
  }
  [[nodiscard]] bool granted() const noexcept { return granted_; }

 private:
  bool granted_ = false;
};

long sleeps_of_tracer() {
  rusage usage{};
  (void)::getrusage(RUSAGE_THREAD, &usage);
  return usage.ru_nvcsw;
}

// Any STOP trap with its changes to come -> trapped and acknowledged.
void calm_down(const Subject& subject) {
  ASSERT_EQ(siginfo(subject.pid()).error, kOk);  // waits for a re-trap
  while (wait_at_once(subject.pid()) != kNothing) {
    ASSERT_EQ(siginfo(subject.pid()).error, kOk);
  }
  ASSERT_TRUE(subject.reaches_state('t'));
}

// The re-trap that it waits for, and one more that begins as it has ended.
TEST_P(AsyncRetrapRules, AR28_AWaitingRequestMeetsOneRetrap) {
  constexpr std::uint64_t kMostRetraps = 2;
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const RealTime tracer;
  if (!tracer.granted()) GTEST_SKIP() << "n.a.: SCHED_FIFO is not permitted";
  Storm storm(subject);
  std::uint64_t most = 0;
  const std::uint64_t turns = std::max(options().count / kShare, kLeastTurns);
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    ASSERT_NO_FATAL_FAILURE(calm_down(subject));
    const std::uint64_t before = subject.voluntary_switches();
    subject.kill(SIGCONT);
    storm.blows = true;
    const Errno answer = registers(pid).error;
    storm.blows = false;
    ASSERT_EQ(answer, kOk) << "turn " << turn;
    most = std::max(most, subject.voluntary_switches() - before);
  }
  RecordProperty("most_retraps", std::to_string(most));
  // Where vCPUs take turns the storm may have none while the tracer sleeps, and
  // on the tracee's CPU that one may always be next.
  if (cpus_run_in_parallel() && GetParam() == Placement::kCrossCpu) {
    EXPECT_GT(storm.sent, 0U) << "no request waited";
  }
  EXPECT_LE(most, kMostRetraps) << "of a request";
}

// The wait ended because the tracee is in its trap: it is off its CPU, too.
TEST_P(AsyncRetrapRules, AR29_ARequestAfterTheRetrapDoesNotSleep) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  std::uint64_t slept = 0;
  const std::uint64_t turns = options().count / kShare + 1;
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    subject.kill(SIGCONT);
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    const long before = sleeps_of_tracer();
    ASSERT_EQ(siginfo(pid).error, kOk) << "turn " << turn;
    if (sleeps_of_tracer() != before) ++slept;
  }
  RecordProperty("slept", std::to_string(slept));
  EXPECT_EQ(slept, 0U) << "of " << turns;
}

TEST_P(AsyncRetrapRules, AR30_FailedGetsiginfoAcknowledgesNothing) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const UserMode user_mode(subject);
  subject.kill(SIGCONT);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(request(PTRACE_GETSIGINFO, pid), Errno{EFAULT});
  EXPECT_EQ(wait_at_once(pid), kNothing) << "no change, and no re-trap";
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  user_mode.expect_not_entered();
  ASSERT_EQ(siginfo(pid).error, kOk);
  expect_sigcont_delivered(subject);
}

}  // namespace
}  // namespace retrap::conform
