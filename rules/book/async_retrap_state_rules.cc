// SPDX-License-Identifier: GPL-2.0-only
// AR: requests, waits and other traps that a change of state meets.
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include "book/death_turns.h"
#include "book/options.h"
#include "book/race.h"
#include "book/requests.h"
#include "book/rule_test.h"
#include "book/signaller.h"
#include "book/situations.h"
#include "book/subject.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"

namespace retrap::conform {
namespace {

constexpr Interface kMode = Interface::kAsyncRetrap;

TEST_P(AsyncRetrapRules, AR03_RequestInProgressIsNotDisturbed) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  const Registers before = registers(pid);
  ASSERT_EQ(before.error, kOk);
  Orders orders;
  Race race(pid, SIGCONT, orders);
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    Registers during;
    ASSERT_EQ(race.run([&] {
      during = registers(pid);
      return during.error;
    }),
              kOk);
    ASSERT_TRUE(during == before) << during.error << ", turn " << turn;
    ASSERT_TRUE(race.finish());
    // The re-trap began when the request had ended, or before it.
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_EQ(siginfo(pid).error, kOk);
  }
  orders.expect_both("request", options().count);
}

// What another thread sees of the tracee while a request is in progress.
struct Glance {
  bool in_progress = false;  // and was so before and after the look
  char state = '?';
  std::uint64_t switches = 0;
};

// SIGCONT in the middle of a PTRACE_PEEKSIGINFO of a long queue. What it has
// copied so far tells where it is. The tracer is on the last CPU, and that CPU
// has a timer of its own which is due often, so that the other thread can cut
// in where vCPUs take turns (sweep.h).
void sigcont_in_long_request(const Subject& subject, int queued,
                             Glance& glance) {
  constexpr std::size_t kBegun = 8;
  constexpr long kGuardNs = 20'000;
  std::vector<siginfo_t> copy(static_cast<std::size_t>(queued));
  const volatile int& begun = copy[kBegun].si_signo;
  const volatile int& last = copy.back().si_signo;
  const UniqueFd guard(check_unix(
      ::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), "timerfd_create"));
  std::atomic<bool> ready{false};
  std::atomic<bool> over{false};
  pin_to_cpu(usable_cpus().front());  // the other thread, too
  std::thread other([&] {
    (void)::prctl(PR_SET_TIMERSLACK, 1UL);
    ready = true;
    ready.notify_one();
    while (begun == 0 && !over) ::usleep(20);
    subject.kill(SIGCONT);
    glance.state = subject.state();
    glance.switches = subject.voluntary_switches();
    glance.in_progress = last == 0;
  });
  ready.wait(false);
  pin_to_cpu(usable_cpus().back());
  const itimerspec often{{0, kGuardNs}, {0, kGuardNs}};
  (void)::timerfd_settime(guard.get(), 0, &often, nullptr);
  __ptrace_peeksiginfo_args what{0, PTRACE_PEEKSIGINFO_SHARED, queued};
  const Errno error = request(PTRACE_PEEKSIGINFO, subject.pid(),
                              reinterpret_cast<unsigned long>(&what),
                              reinterpret_cast<unsigned long>(copy.data()));
  over = true;
  other.join();
  ASSERT_EQ(error, kOk);
  ASSERT_EQ(last, SIGRTMIN) << "the queue is shorter";
}

TEST_P(AsyncRetrapRules, AR03_LongRequestIsNotDisturbed) {
  constexpr int kQueued = 1000;
  constexpr int kTries = 50;
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  for (int i = 0; i < kQueued; ++i) {
    ASSERT_EQ(::sigqueue(pid, SIGRTMIN, sigval{}), 0);
  }
  Glance glance;
  for (int i = 0; i < kTries && !glance.in_progress; ++i) {
    ASSERT_EQ(registers(pid).error, kOk);  // the tracee is off its CPU
    const std::uint64_t switches = subject.voluntary_switches();
    ASSERT_NO_FATAL_FAILURE(sigcont_in_long_request(subject, kQueued, glance));
    if (glance.in_progress) {
      EXPECT_EQ(glance.state, 't');
      EXPECT_EQ(glance.switches, switches) << "was woken";
    }
    // Put off, not forgotten.
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
    ASSERT_EQ(registers(pid).error, kOk);
    EXPECT_GT(subject.voluntary_switches(), switches);
    ASSERT_EQ(siginfo(pid).error, kOk);
  }
  EXPECT_TRUE(glance.in_progress) << "the request is too short";
}

// Elsewhere -> SIGCONT -> nothing; CONT -> a STOP trap, no user mode.
void expect_deferred(const Subject& subject, WaitStatus trap) {
  const pid_t pid = subject.pid();
  ASSERT_EQ(wait_eventually(pid), trap);
  const Stillness stillness(subject);
  subject.kill(SIGCONT);
  stillness.expect();
  const std::uint64_t ticks = subject.ticks();
  ASSERT_EQ(cont(pid), kOk);
  ASSERT_EQ(wait_eventually(pid), stop_trap(SIGTRAP));
  EXPECT_EQ(subject.ticks(), ticks) << "reached user mode";
  EXPECT_EQ(siginfo(pid).signo, SIGTRAP);
}

TEST_P(AsyncRetrapRules, AR08_OtherTrapsAreNotDisturbed) {
  const Subject subject(GetParam(), 1, Body::kSyscalls);
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(
      seize_all(subject, kMode, PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC));
  subject.kill(SIGUSR1);
  ASSERT_NO_FATAL_FAILURE(expect_deferred(subject, signal_stop(SIGUSR1)));
  ASSERT_NO_FATAL_FAILURE(expect_sigcont_delivered(subject));

  ASSERT_NO_FATAL_FAILURE(interrupt_into_trap(subject));
  ASSERT_EQ(request(PTRACE_SYSCALL, pid), kOk);
  ASSERT_NO_FATAL_FAILURE(expect_deferred(subject, kSyscallStop));
  ASSERT_NO_FATAL_FAILURE(expect_sigcont_delivered(subject));

  subject.order(0, Command::kExec);
  ASSERT_NO_FATAL_FAILURE(
      expect_deferred(subject, event_stop(PTRACE_EVENT_EXEC)));
}

// The status is of the trap's entry, GETSIGINFO of now.
TEST_P(AsyncRetrapRules, AR11_StatusIsOfTheTrapGetsiginfoOfNow) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_and_stop(subject, kMode));
  EXPECT_EQ(siginfo(pid),
            (Info{kOk, SIGSTOP, stop_code_of(stop_trap(SIGSTOP)), true}));
  ASSERT_EQ(cont(pid), kOk);
  expect_runs_silently(subject);
  ASSERT_NO_FATAL_FAILURE(stop_group_again(subject, 0, SIGTSTP));
  EXPECT_EQ(siginfo(pid),
            (Info{kOk, SIGTSTP, stop_code_of(stop_trap(SIGTSTP)), true}));
  subject.kill(SIGCONT);
  EXPECT_EQ(siginfo(pid),
            (Info{kOk, SIGTRAP, stop_code_of(stop_trap(SIGTRAP)), false}));
  EXPECT_EQ(wait_at_once(pid), stop_trap(SIGTRAP));
}

// Some changes while the tracer makes requests all the time: one more report.
TEST_P(AsyncRetrapRules, AR13_ChangesDuringRequestsBecomeOneRetrap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  Signaller signaller(pid, SIGCONT);
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    for (int change = 0; change < 3; ++change) signaller.order();
    int requests = 0;
    do {
      ASSERT_EQ(registers(pid).error, kOk) << "turn " << turn;
    } while (!signaller.is_done() && ++requests < 1'000'000);
    ASSERT_TRUE(signaller.finish());
    ASSERT_EQ(registers(pid).error, kOk);
    ASSERT_EQ(wait_at_once(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
    ASSERT_EQ(siginfo(pid).error, kOk);
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
  }
}

TEST_P(AsyncRetrapRules, AR23_BlockingWaitWakesUp) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  Signaller signaller(pid, SIGCONT);
  for (std::uint64_t turn = 0; turn < options().count; ++turn) {
    signaller.order();
    ASSERT_EQ(wait_asleep(pid), stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_TRUE(signaller.finish());
    ASSERT_EQ(siginfo(pid).error, kOk);
    ASSERT_EQ(wait_at_once(pid), kNothing) << "turn " << turn;
  }
}

TEST_P(AsyncRetrapRules, AR23_OtherThreadsOfTheTracerSeeNoGap) {
  const Subject subject(GetParam());
  const pid_t pid = subject.pid();
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  std::uint64_t turn = 0;
  for (; turn < lethal_turns(); ++turn) {
    WaitStatus only_own = kNothing;
    WaitStatus any = kNothing;
    std::thread([&] {
      subject.kill(SIGCONT);
      only_own = parent_wait_at_once(pid, __WALL | __WNOTHREAD);
      any = wait_at_once(pid);
    }).join();
    ASSERT_EQ(only_own, kNoTracee) << "__WNOTHREAD";
    ASSERT_EQ(any, stop_trap(SIGTRAP)) << "turn " << turn;
    ASSERT_EQ(siginfo(pid).error, kOk);
  }
  record_turns(kMode, turn);
}

// A child whose tracer is another thread of the parent: with __WNOTHREAD it is
// still the parent's to wait for, and no tracee of the parent's.
TEST_P(AsyncRetrapRules, AR23_TheRealParentSeesNoGap) {
  const Subject subject(GetParam(), 1, Body::kPause);
  const pid_t pid = subject.pid();
  std::binary_semaphore retrapped{0};
  std::binary_semaphore acknowledged{0};
  std::atomic<bool> goes_on{true};
  std::jthread tracer([&] {
    seize_stop_and_acknowledge(subject);
    for (acknowledged.release(); goes_on; acknowledged.release()) {
      retrapped.acquire();
      EXPECT_EQ(siginfo(pid).error, kOk);
    }
  });
  acknowledged.acquire();
  std::uint64_t turn = 0;
  for (; turn < lethal_turns(); ++turn) {
    subject.kill(SIGCONT);
    EXPECT_EQ(parent_wait_at_once(pid, __WALL | __WNOTHREAD),
              stop_trap(SIGTRAP))
        << "turn " << turn;
    if (HasFailure()) break;
    retrapped.release();
    acknowledged.acquire();
  }
  goes_on = false;
  retrapped.release();
  record_turns(kMode, turn);
}

// A thread makes its group stop again while GETSIGINFO of the other is in
// progress. That one has to leave its trap to take part.
TEST_P(AsyncRetrapRules, AR13_StopDuringGetsiginfoIsJoined) {
  const Subject subject(GetParam(), 2);
  const pid_t trapped = subject.tid(0);
  const pid_t stopper = subject.tid(1);
  ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
  Orders orders;
  const std::uint64_t turns = options().count / 4 + 200;  // 225 may miss it
  for (std::uint64_t turn = 0; turn < turns; ++turn) {
    ASSERT_EQ(cont(stopper), kOk);
    subject.tgkill(1, SIGSTOP);
    ASSERT_EQ(wait_eventually(stopper), signal_stop(SIGSTOP));
    ASSERT_EQ(cont(stopper, SIGSTOP), kOk);
    orders.delay();
    ASSERT_EQ(siginfo(trapped).error, kOk);
    WaitStatus status = wait_at_once(trapped);
    orders.count(status != kNothing, status == kNothing);
    if (status == kNothing) status = wait_eventually(trapped);
    ASSERT_EQ(status, stop_trap(SIGSTOP)) << "turn " << turn;
    ASSERT_EQ(wait_eventually(stopper), stop_trap(SIGSTOP)) << "turn " << turn;
    ASSERT_EQ(siginfo(trapped).error, kOk);
    ASSERT_EQ(siginfo(stopper).error, kOk);
  }
  // On the tracer's CPU the stopper runs when the tracer sleeps.
  if (GetParam() == Placement::kCrossCpu) orders.expect_both("stop", turns);
}

// SIGKILL comes while the re-trap that the tracer caused is on its way, and
// its WNOHANG waits for that.
TEST_P(AsyncRetrapRules, AR20_SigkillDuringTheRetrapEnds) {
  Orders orders;
  std::optional<Race> race;
  for (std::uint64_t turn = 0; turn < lethal_turns(); ++turn) {
    Subject subject(GetParam(), 1, Body::kPause);
    const pid_t pid = subject.pid();
    ASSERT_NO_FATAL_FAILURE(seize_stop_and_acknowledge(subject));
    if (!race) race.emplace(pid, SIGKILL, orders);
    race->aim(pid);
    ASSERT_NO_FATAL_FAILURE(sigkill_meets_retrap(subject, *race))
        << "turn " << turn;
  }
  orders.expect_both("wnohang", lethal_turns());
}

}  // namespace
}  // namespace retrap::conform
