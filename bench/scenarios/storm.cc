// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/storm.h"

#include <sched.h>
#include <sys/prctl.h>

#include <climits>
#include <csignal>
#include <ctime>

#include "core/sys/relax.h"

namespace retrap {
namespace {

constexpr std::uint64_t kSecondNs = 1'000'000'000;
constexpr std::uint64_t kMillisecondNs = 1'000'000;

std::uint64_t now_ns() noexcept {
  timespec now{};
  (void)::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * kSecondNs +
         static_cast<std::uint64_t>(now.tv_nsec);
}

void sleep_until(std::uint64_t when_ns) noexcept {
  timespec when{};
  when.tv_sec = static_cast<time_t>(when_ns / kSecondNs);
  when.tv_nsec = static_cast<long>(when_ns % kSecondNs);
  (void)::clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &when, nullptr);
}

}  // namespace

Storm::Storm(const CellConfig& config, pid_t target)
    : target_(target),
      period_ns_(config.arguments.at(0) == 0
                     ? 0
                     : kMillisecondNs /
                           static_cast<std::uint64_t>(config.arguments[0])),
      most_(static_cast<std::uint32_t>(config.arguments.at(1))),
      same_cpu_(config.ends.same_cpu()),
      process_(Tracee::spawn([this] { run(); }, config.ends.tracee_cpu)),
      steps_(process_.pid(), same_cpu_) {}

void Storm::let_go() noexcept {
  words_->pong.store(0);
  words_->ping.store(++storms_);
  (void)::syscall(SYS_futex, &words_->ping, FUTEX_WAKE, INT_MAX, nullptr,
                  nullptr, 0);
}

void Storm::wait_for(std::uint32_t flips) const noexcept {
  while (this->flips() < flips) {
    if (same_cpu_)
      (void)::sched_yield();
    else
      relax();
  }
}

void Storm::run() noexcept {
  (void)::prctl(PR_SET_TIMERSLACK, 1UL);
  for (std::uint32_t storm = 0;; ++storm) {
    while (words_->ping.load() == storm)
      (void)::syscall(SYS_futex, &words_->ping, FUTEX_WAIT, storm, nullptr,
                      nullptr, 0);
    flip_all();
  }
}

void Storm::flip_all() noexcept {
  std::uint64_t next_ns = now_ns();
  for (std::uint32_t flip = 1; flip <= most_; ++flip) {
    if (flip > 1 && period_ns_ != 0) sleep_until(next_ns += period_ns_);
    (void)::kill(target_, SIGSTOP);
    words_->pong.store(flip);
    (void)::kill(target_, SIGCONT);
  }
}

}  // namespace retrap
