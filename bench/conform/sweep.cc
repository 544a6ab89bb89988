// SPDX-License-Identifier: GPL-2.0-only
#include "conform/sweep.h"

#include <gtest/gtest.h>
#include <signal.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <iterator>

#include "conform/options.h"
#include "conform/subject.h"
#include "core/sys/affinity.h"

namespace retrap::conform {
namespace {

constexpr std::uint64_t kTurnsToFind = 8;
constexpr std::int64_t kToSleep = 60'000;  // until both sleep
constexpr std::int64_t kApart = 20'000;    // from one wakeup to the other
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
}

Sweep::~Sweep() {
  instant_ = -1;
  instant_.notify_one();
  thread_.join();
}

std::uint64_t Sweep::turns() { return options().sweep + kTurnsToFind; }

// Asleep when it has nothing to do: a vCPU that polls would take its turn.
void Sweep::serve() noexcept {
  pin_to_cpu(usable_cpus().front());
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

// In the last quarter of the sweep the signal comes before the call.
std::int64_t Sweep::delay() const noexcept {
  if (turn_ < kTurnsToFind) return 0;
  const auto sweep = static_cast<std::int64_t>(options().sweep);
  const auto step = static_cast<std::int64_t>(turn_ - kTurnsToFind);
  return std::max<std::int64_t>(0, lead_ - sweep * 3 / 4 + step);
}

Errno Sweep::run(const std::function<Errno()>& call) {
  const auto apart = kApart + static_cast<std::int64_t>(options().sweep);
  const std::int64_t wakeup = now_ns() + kToSleep;
  const std::int64_t steps = delay();
  instant_ = wakeup + apart;
  instant_.notify_one();
  sleep_until(wakeup);
  spin(steps);
  begin_ = now_ns();
  const Errno result = call();
  end_ = now_ns();
  return result;
}

bool Sweep::finish() {
  while (sent_ <= turn_) sent_.wait(turn_);
  const std::int64_t position = signal_begin_ - begin_;
  if (turn_ < kTurnsToFind) {
    leads_.insert(position);
    lead_ = *std::next(leads_.begin(),
                       static_cast<std::ptrdiff_t>(leads_.size() / 2));
  } else if (signal_end_ <= begin_) {
    ++signal_first_;
  } else if (end_ <= signal_begin_) {
    ++call_first_;
  } else {
    ++inside_;
    positions_.insert(position);
  }
  ++turn_;
  return true;
}

void Sweep::expect_covered() const {
  std::int64_t gap = 0;
  for (auto at = positions_.begin(); at != positions_.end(); ++at) {
    const auto next = std::next(at);
    if (next != positions_.end()) gap = std::max(gap, *next - *at);
  }
  using ::testing::Test;
  Test::RecordProperty("signal_first", std::to_string(signal_first_));
  Test::RecordProperty("inside", std::to_string(inside_));
  Test::RecordProperty("call_first", std::to_string(call_first_));
  Test::RecordProperty("positions", std::to_string(positions_.size()));
  Test::RecordProperty("widest_gap", std::to_string(gap));
  if (!positions_.empty()) {
    Test::RecordProperty("from", std::to_string(*positions_.begin()));
    Test::RecordProperty("to", std::to_string(*positions_.rbegin()));
  }
  EXPECT_GT(signal_first_, 0U) << "--sweep is too short";
  EXPECT_GT(inside_, 0U) << "--sweep is too short";
  EXPECT_GT(call_first_, 0U) << "--sweep is too short";
}

}  // namespace retrap::conform
