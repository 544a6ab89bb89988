// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/crowd.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <climits>
#include <csignal>
#include <exception>
#include <thread>

#include "core/ptrace/patience.h"
#include "core/ptrace/wait.h"
#include "core/sys/check.h"
#include "core/sys/relax.h"

namespace retrap {
namespace {

void futex_wake(SharedWords::Word& word) noexcept {
  (void)::syscall(SYS_futex, &word, FUTEX_WAKE, INT_MAX, nullptr, nullptr, 0);
}

// As long as it is `value`, and no longer than a while.
void futex_wait(SharedWords::Word& word, std::uint32_t value) noexcept {
  const timespec a_while{.tv_sec = 0, .tv_nsec = 100'000'000};
  (void)::syscall(SYS_futex, &word, FUTEX_WAIT, value, &a_while, nullptr, 0);
}

}  // namespace

Crowd::Crowd(int count, Tasks tasks, Doing doing, Ends ends)
    : count_(static_cast<std::size_t>(count)),
      doing_(doing),
      same_cpu_(ends.same_cpu()),
      words_(3) {
  if (tasks == Tasks::kThreads) {
    processes_.push_back(
        Tracee::spawn([this] { live_as_threads(); }, ends.tracee_cpu));
  } else {
    for (std::size_t i = 0; i < count_; ++i)
      processes_.push_back(Tracee::spawn([this] { live(); }, ends.tracee_cpu));
  }
  announced_.writer.reset();  // so that a dead process ends the loop
  for (std::size_t i = 0; i < count_; ++i) tids_.push_back(next_tid());
  std::ranges::sort(tids_);
}

Crowd::~Crowd() {
  for (const Tracee& process : processes_) (void)process.try_kill(SIGKILL);
  if (processes_.size() == count_) return;
  // A thread that is traced is its tracer's to reap, and before its process.
  Patience patience(processes_.front().pid());
  for (const pid_t tid : tids_)
    while (tid != processes_.front().pid() && !reap_killed(tid) &&
           patience.lasts())
      std::this_thread::sleep_for(std::chrono::microseconds(100));
}

void Crowd::live_as_threads() const {
  for (std::size_t i = 1; i < count_; ++i)
    std::thread([this] { live(); }).detach();
  live();
}

void Crowd::live() const noexcept {
  announce();
  if (doing_ == Doing::kBusy) be_busy();
  sleep_in_pause();
}

// It yields once a round, so that all have run soon, and then no more. In exact
// mode relax() ends a vCPU's turn, which takes as long as many of this loop's.
void Crowd::be_busy() const noexcept {
  while (words_[kRound].load() == 0) futex_wait(words_[kRound], 0);
  std::uint32_t seen = 0;
  for (std::uint32_t turn = 1;; ++turn) {
    if (turn % 1024 == 0) relax();
    const std::uint32_t round = words_[kRound].load(std::memory_order_relaxed);
    if (round == seen) continue;
    seen = round;
    if (words_[kRan].fetch_add(1) + 1 == count_) {
      words_[kDone].store(round);
      futex_wake(words_[kDone]);
    }
    (void)::sched_yield();
  }
}

void Crowd::announce() const noexcept {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  (void)!::write(announced_.writer.get(), &tid, sizeof tid);
}

pid_t Crowd::next_tid() const {
  pid_t tid = 0;
  const auto got = check_unix(::read(announced_.reader.get(), &tid, sizeof tid),
                              "read a tid");
  if (got != sizeof tid)
    throw_errno(EAGAIN, "start of so many tasks (ulimit -u, pids.max)");
  return tid;
}

bool Crowd::settled(Steps& steps) noexcept {
  return doing_ == Doing::kAsleep ? all_asleep(steps) : all_ran(steps);
}

// One at a time: to keep them all open takes more files than are allowed.
bool Crowd::all_asleep(Steps& steps) const noexcept {
  try {
    for (const pid_t tid : tids_)
      if (Steps task(tid, same_cpu_); !task.asleep_in(kPauseSyscall))
        return steps.failed_as(task);
    return true;
  } catch (const std::exception&) {
    return steps.not_reached("the state of a task cannot be read");
  }
}

// Asleep until then: of many that want the CPU who polls has it last.
bool Crowd::all_ran(Steps& steps) noexcept {
  const std::uint32_t last = words_[kRound].load();
  words_[kRan].store(0);
  words_[kRound].store(last + 1);
  if (last == 0) futex_wake(words_[kRound]);
  Patience patience(tids_.front());
  while (words_[kDone].load() == last) {
    futex_wait(words_[kDone], last);
    if (!patience.lasts()) return steps.not_reached("a busy loop does not run");
  }
  return true;
}

}  // namespace retrap
