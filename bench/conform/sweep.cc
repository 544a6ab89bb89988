// SPDX-License-Identifier: GPL-2.0-only
#include "conform/sweep.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/prctl.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstdlib>
#include <ctime>
#include <iterator>

#include "conform/options.h"
#include "conform/subject.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

constexpr std::int64_t kToSleep = 60'000;  // until both sleep
constexpr std::int64_t kApart = 20'000;    // from one wakeup to the other
constexpr std::size_t kTurnsToLearn = 17;  // how soon either is awake
constexpr std::int64_t kAsleep = 10'000;   // surely late
constexpr std::int64_t kLate =
    2'000;  // off what was learnt; less is the tracee
constexpr std::uint64_t kRelearn = 64;    // late turns in a row
constexpr std::int64_t kLater = 101;      // after each of them
constexpr std::int64_t kWidest = 64;      // gap between two positions
constexpr std::uint64_t kAstray = 1'000;  // turns behind the call
constexpr std::int64_t kFound = 8;        // no halving below
constexpr std::uint64_t kEdge = 48;       // turns behind the call and before it
constexpr int kSled = 16;

std::int64_t now_ns() noexcept {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

void sleep_until(std::int64_t instant) noexcept {
  const timespec until{instant / 1'000'000'000, instant % 1'000'000'000};
  while (::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, nullptr) ==
         EINTR) {
  }
}

// Without slack, or a sleep ends up to 50 us late, together with any other
// timer of its CPU that is due by then.
void sleep_to_the_instant() noexcept { (void)::prctl(PR_SET_TIMERSLACK, 1UL); }
void sleep_as_usual() noexcept { (void)::prctl(PR_SET_TIMERSLACK, 0UL); }

// About as many instructions, and one more for each one more within a sled:
// a jump table into a row of NOPs.
void spin(std::int64_t steps) noexcept {
  for (std::int64_t left = steps / kSled; left > 0; --left) {
    asm volatile(".rept 13\n\tnop\n\t.endr");  // and the loop itself
  }
  switch (steps % kSled) {
    // clang-format off
    case 15: asm volatile("nop"); [[fallthrough]];
    case 14: asm volatile("nop"); [[fallthrough]];
    case 13: asm volatile("nop"); [[fallthrough]];
    case 12: asm volatile("nop"); [[fallthrough]];
    case 11: asm volatile("nop"); [[fallthrough]];
    case 10: asm volatile("nop"); [[fallthrough]];
    case 9: asm volatile("nop"); [[fallthrough]];
    case 8: asm volatile("nop"); [[fallthrough]];
    case 7: asm volatile("nop"); [[fallthrough]];
    case 6: asm volatile("nop"); [[fallthrough]];
    case 5: asm volatile("nop"); [[fallthrough]];
    case 4: asm volatile("nop"); [[fallthrough]];
    case 3: asm volatile("nop"); [[fallthrough]];
    case 2: asm volatile("nop"); [[fallthrough]];
    case 1: asm volatile("nop"); [[fallthrough]];
    default: break;
      // clang-format on
  }
}

}  // namespace

// The tracer moves to the last CPU, see sweep.h.
Sweep::Sweep(pid_t pid, int sig)
    : pid_(pid), sig_(sig), thread_([this] { serve(); }) {
  pin_to_cpu(usable_cpus().back());
  sleep_to_the_instant();
}

Sweep::~Sweep() {
  sleep_as_usual();
  instant_ = -1;
  instant_.notify_one();
  thread_.join();
}

// Asleep when it has nothing to do: a vCPU that polls would take its turn.
void Sweep::serve() noexcept {
  pin_to_cpu(usable_cpus().front());
  sleep_to_the_instant();
  for (;;) {
    instant_.wait(0);
    const std::int64_t instant = instant_.exchange(0);
    if (instant < 0) return;
    sleep_until(instant);
    signal_begin_ = now_ns();
    (void)::kill(pid_, sig_);
    signal_end_ = now_ns();
    ++sent_;
    sent_.notify_one();
  }
}

Errno Sweep::run(const std::function<Errno()>& call) {
  const std::int64_t wakeup = now_ns() + kToSleep;
  // Both later, or a late turn would be the same again.
  const auto later = kLater * static_cast<std::int64_t>(late_in_a_row_);
  appointment_ = wakeup + kApart + later;
  instant_ = appointment_;
  instant_.notify_one();
  sleep_until(wakeup);
  awake_ = now_ns() - wakeup;
  spin(delay_ + later);
  begin_ = now_ns();
  const Errno result = call();
  end_ = now_ns();
  return result;
}

bool Sweep::finish() {
  while (sent_ <= turn_) sent_.wait(turn_);
  ++turn_;
  if (is_late()) {  // the same step again
    ++late_;
    if (++late_in_a_row_ == kRelearn) {
      wakeups_.clear();
      signal_wakeups_.clear();
      late_in_a_row_ = 0;
    }
    return true;
  }
  late_in_a_row_ = 0;
  const Order now = order();
  if (searches_) {
    search(now);
  } else {
    advance(now);
  }
  return true;
}

// Neither is on time while that is learnt: the median of turns in which both
// woke up soon.
bool Sweep::is_late() {
  const std::int64_t signal = signal_begin_ - appointment_;
  if (awake_ > kAsleep || signal > kAsleep) return true;
  if (wakeups_.size() < kTurnsToLearn) {
    wakeups_.insert(awake_);
    signal_wakeups_.insert(signal);
    soonest_ = std::min(soonest_, signal);
    return true;
  }
  constexpr auto kMiddle = static_cast<std::ptrdiff_t>(kTurnsToLearn / 2);
  return std::abs(awake_ - *std::next(wakeups_.begin(), kMiddle)) > kLate ||
         std::abs(signal - *std::next(signal_wakeups_.begin(), kMiddle)) >
             kLate;
}

// A signal that began before the call was cut itself: it is not inside.
Sweep::Order Sweep::order() const noexcept {
  if (signal_begin_ < begin_) return Order::kSignalFirst;
  return end_ <= signal_begin_ ? Order::kCallFirst : Order::kInside;
}

// For the longest delay that leaves the signal behind the call.
void Sweep::search(Order order) noexcept {
  if (high_ == 0) {
    high_ = 2 * std::max<std::int64_t>(1, signal_begin_ - begin_);
  } else if (order == Order::kCallFirst) {
    low_ = delay_;
  } else {
    high_ = delay_;
  }
  delay_ = low_ + (high_ - low_) / 2;
  if (high_ - low_ > kFound) return;
  searches_ = false;
  ++passes_;
  before_ = pass_inside_ = pass_call_first_ = 0;
  delay_ = std::max<std::int64_t>(0, low_ - static_cast<std::int64_t>(kEdge));
}

void Sweep::advance(Order order) {
  ++delay_;
  before_ = order == Order::kSignalFirst ? before_ + 1 : 0;
  if (order == Order::kSignalFirst) {
    ++signal_first_;
  } else if (order == Order::kCallFirst) {
    ++call_first_;
    ++pass_call_first_;
    length_ = std::min(length_, end_ - begin_);
  } else {
    ++inside_;
    ++pass_inside_;
    positions_.insert(signal_begin_ - begin_);
  }
  const bool astray = pass_call_first_ > kAstray && pass_inside_ == 0;
  if (before_ < kEdge && !astray) return;
  whole_ =
      call_first_ >= kEdge / 2 && inside_ >= kEdge && widest_gap() <= kWidest;
  searches_ = true;
  low_ = high_ = delay_ = 0;
}

// From the begin of the call to its end: an undisturbed call, and what the
// signaller takes from its instant to the signal. A tick in the call makes it
// longer, once.
std::int64_t Sweep::widest_gap() const {
  std::int64_t gap = 0;
  std::int64_t last = soonest_;
  for (const std::int64_t position : positions_) {
    if (position > soonest_ + length_) break;
    gap = std::max(gap, position - last);
    last = position;
  }
  return std::max(gap, soonest_ + length_ - last);
}

bool Sweep::is_over() const { return whole_ || turn_ >= options().sweep; }

void Sweep::expect_covered() const {
  using ::testing::Test;
  Test::RecordProperty("turns", std::to_string(turn_));
  Test::RecordProperty("late", std::to_string(late_));
  Test::RecordProperty("whole", whole_ ? "yes" : "no");
  Test::RecordProperty("passes", std::to_string(passes_));
  Test::RecordProperty("signal_first", std::to_string(signal_first_));
  Test::RecordProperty("inside", std::to_string(inside_));
  Test::RecordProperty("call_first", std::to_string(call_first_));
  Test::RecordProperty("positions", std::to_string(positions_.size()));
  Test::RecordProperty("widest_gap", std::to_string(widest_gap()));
  if (!positions_.empty()) {
    Test::RecordProperty("from", std::to_string(*positions_.begin()));
    Test::RecordProperty("to", std::to_string(*positions_.rbegin()));
  }
  EXPECT_GT(signal_first_, 0U) << "--sweep is too short";
  EXPECT_GT(inside_, 0U) << "--sweep is too short";
  EXPECT_GT(call_first_, 0U) << "--sweep is too short";
}

}  // namespace retrap::conform
