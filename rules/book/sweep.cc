// SPDX-License-Identifier: GPL-2.0-only
#include "book/sweep.h"

#include <gtest/gtest.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/timerfd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <utility>

#include "book/options.h"
#include "book/subject.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"

namespace retrap::conform {
namespace {

constexpr std::int64_t kToSleep = 60'000;  // until both sleep
constexpr std::int64_t kGuard = 30'000;    // from the signal to the guard
constexpr std::int64_t kLook = 150'000;    // what one has_happened() takes
constexpr std::int64_t kLate = 5'000;      // after the instant of the signal
constexpr std::int64_t kShift = 5;         // of a pass, less than a step
constexpr std::uint64_t kTries = 4;        // of a step that comes late
constexpr std::int64_t kFound = 8;         // no halving below
constexpr std::int64_t kEdge = 48;      // swept behind the call and before it,
constexpr std::int64_t kEdgeTurns = 5;  // in so many turns at least
constexpr int kSled = 16;

std::int64_t now_ns() noexcept {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1'000'000'000 + now.tv_nsec;
}

timespec as_timespec(std::int64_t ns) noexcept {
  return {ns / 1'000'000'000, ns % 1'000'000'000};
}

void sleep_until(std::int64_t instant) noexcept {
  const timespec until = as_timespec(instant);
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
    case 15: asm volatile("nop"); [[fallthrough]];  // NOLINT: a sled
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

Appointments::Appointments() {
  check_unix(::sem_init(&made_, 0, 0), "sem_init");
}

Appointments::~Appointments() { (void)::sem_destroy(&made_); }

void Appointments::make(std::int64_t instant) noexcept {
  instant_ = instant;
  (void)::sem_post(&made_);
}

std::int64_t Appointments::next() noexcept {
  while (::sem_wait(&made_) == -1) {  // EINTR
  }
  return instant_;
}

// The tracer moves to the last CPU, see sweep.h.
Sweep::Sweep(pid_t pid, int sig, Stretch stretch)
    : pid_(pid),
      sig_(sig),
      stretch_(stretch),
      edge_turns_(static_cast<std::uint64_t>(
          std::max(kEdgeTurns, kEdge / stretch.step))),
      guard_(check_unix(::timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC),
                        "timerfd_create")),
      thread_([this] { serve(); }) {
  pin_to_cpu(usable_cpus().back());
  sleep_to_the_instant();
}

Sweep::~Sweep() {
  sleep_as_usual();
  appointments_.make(-1);
  thread_.join();
}

void Sweep::aim(pid_t pid, std::function<bool()> has_happened) {
  pid_ = pid;
  has_happened_ = std::move(has_happened);
  pin_to_cpu(usable_cpus().back());
}

// Asleep when it has nothing to do: a vCPU that polls would take its turn.
void Sweep::serve() noexcept {
  pin_to_cpu(usable_cpus().front());
  sleep_to_the_instant();
  // Before a tracee on its CPU, whoever was woken first.
  const sched_param priority{1};
  is_first_ = ::sched_setscheduler(0, SCHED_FIFO, &priority) == 0;
  for (;;) {
    const std::int64_t instant = appointments_.next();
    if (instant < 0) return;
    // Its pages are copied at the first look after a fork: on arm64 that
    // broadcasts a TLBI, at which QEMU goes on with the next vCPU.
    if (has_happened_) (void)has_happened_();
    sleep_until(instant);
    signal_begin_ = now_ns();
    had_happened_ = has_happened_ && has_happened_();
    (void)::kill(pid_, sig_);
    ++sent_;
    sent_.notify_one();
  }
}

Errno Sweep::run(const std::function<Errno()>& call) {
  const std::int64_t look = has_happened_ ? kLook : 0;
  const std::int64_t wakeup = now_ns() + kToSleep + look;
  appointment_ = wakeup + stretch_.longest;
  const itimerspec guard{{}, as_timespec(appointment_ + look + kGuard)};
  (void)::timerfd_settime(guard_.get(), TFD_TIMER_ABSTIME, &guard, nullptr);
  appointments_.make(appointment_);
  sleep_until(wakeup);
  spin(delay_);
  begin_ = now_ns();
  const Errno result = call();
  end_ = now_ns();
  return result;
}

bool Sweep::finish() {
  while (sent_ <= turn_) sent_.wait(turn_);
  ++turn_;
  if (signal_begin_ - appointment_ > kLate) {
    ++late_;
    if (++late_in_a_row_ % kTries == 0) delay_ += stretch_.step;
    return true;
  }
  late_in_a_row_ = 0;
  const Order now = order();
  if (now == Order::kCallFirst) length_ = std::min(length_, end_ - begin_);
  if (searches_) {
    search(now);
  } else {
    advance(now);
  }
  return true;
}

// A signal that began before the call was cut itself: it is not inside.
Sweep::Order Sweep::order() const noexcept {
  if (signal_begin_ < begin_) return Order::kSignalFirst;
  return end_ <= signal_begin_ ? Order::kCallFirst : Order::kInside;
}

// For the longest delay that leaves the signal behind the call. The first turn,
// without any, says where to look. A call that a tick made late is not
// believed: only twice in a row is a delay too long.
void Sweep::search(Order order) noexcept {
  const bool is_behind = order == Order::kCallFirst;
  const bool is_doubtful = !is_behind && !is_doubtful_;
  is_doubtful_ = is_doubtful;
  if (is_doubtful || (high_ == 0 && !is_behind)) return;
  if (high_ == 0) {
    high_ = 2 * (signal_begin_ - begin_);
  } else if (is_behind) {
    low_ = delay_;
  } else {
    high_ = delay_;
  }
  delay_ = low_ + (high_ - low_) / 2;
  if (high_ - low_ > kFound) return;
  searches_ = false;
  ++passes_;
  before_ = 0;
  // Another pass has other positions.
  const std::int64_t step = stretch_.step;
  const std::int64_t edge = std::max(kEdge, kEdgeTurns * step);
  const auto shift = kShift * static_cast<std::int64_t>(passes_) % step;
  delay_ = std::max<std::int64_t>(0, low_ - edge + shift);
}

void Sweep::advance(Order order) {
  const std::int64_t position = appointment_ - begin_;
  delay_ += stretch_.step;
  if (order == Order::kSignalFirst) {
    ++signal_first_;
  } else if (order == Order::kCallFirst) {
    ++call_first_;
  } else {
    ++inside_;
    if (had_happened_) ++happened_;
  }
  if (order != Order::kSignalFirst) positions_.insert(position);
  const std::int64_t begin = stretch_begin();
  const bool is_before =
      order == Order::kSignalFirst || (begin > 0 && position < begin);
  before_ = is_before ? before_ + 1 : 0;
  if (before_ < edge_turns_) return;
  whole_ = call_first_ >= edge_turns_ / 2 && widest_gap() <= stretch_.gap;
  searches_ = true;
  low_ = high_ = delay_ = 0;
}

// As a position. Of an undisturbed call: a tick makes one longer, once.
std::int64_t Sweep::stretch_begin() const noexcept {
  return std::max<std::int64_t>(0, length_ - stretch_.last);
}

std::int64_t Sweep::widest_gap() const {
  std::int64_t gap = 0;
  std::int64_t last = stretch_begin();
  for (const std::int64_t position : positions_) {
    if (position < last) continue;
    if (position > length_) break;
    gap = std::max(gap, position - last);
    last = position;
  }
  return std::max(gap, length_ - last);
}

bool Sweep::is_over() const { return whole_ || turn_ >= options().sweep; }

void Sweep::expect_covered(const std::string& name) const {
  const std::string prefix = name.empty() ? "" : name + "_";
  const auto record = [&prefix](const std::string& what, auto value) {
    ::testing::Test::RecordProperty(prefix + what, std::to_string(value));
  };
  EXPECT_TRUE(is_first_) << "SCHED_FIFO is refused";
  record("turns", turn_);
  record("late", late_);
  record("passes", passes_);
  record("signal_first", signal_first_);
  record("inside", inside_);
  record("call_first", call_first_);
  record("positions", positions_.size());
  record("length", length_);
  record("widest_gap", widest_gap());
  if (has_happened_) {
    record("happened", happened_);
    EXPECT_TRUE(happened_ > 0 && happened_ < inside_)
        << prefix << "sweep: the stretch is elsewhere";
  }
  EXPECT_TRUE(whole_) << prefix << "sweep: not all of it in " << turn_
                      << " turns: " << widest_gap()
                      << " instructions were never cut (at most "
                      << stretch_.gap << "), the signal came late " << late_
                      << " times; --sweep allows more turns";
}

}  // namespace retrap::conform
