// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/crowd.h"

#include <linux/futex.h>
#include <sched.h>
#include <sys/syscall.h>
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
#include "scenarios/poll.h"

namespace retrap {

Crowd::Crowd(int count, Tasks tasks, Doing doing, Ends ends)
    : count_(static_cast<std::size_t>(count)),
      doing_(doing),
      same_cpu_(ends.same_cpu()),
      rounds_(count_ + 1) {
  if (tasks == Tasks::kThreads) {
    processes_.push_back(
        Tracee::spawn([this] { live_as_threads(); }, ends.tracee_cpu));
  } else {
    for (std::size_t i = 0; i < count_; ++i)
      processes_.push_back(
          Tracee::spawn([this, i] { live(i); }, ends.tracee_cpu));
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

void Crowd::live_as_threads() {
  for (std::size_t i = 1; i < count_; ++i)
    std::thread([this, i] { live(i); }).detach();
  live(0);
}

void Crowd::live(std::size_t index) const noexcept {
  announce();
  if (doing_ == Doing::kBusy) be_busy(index);
  sleep_in_pause();
}

// It yields once a round, so that all have run soon, and then no more.
void Crowd::be_busy(std::size_t index) const noexcept {
  while (rounds_[0].load() == 0)
    (void)::syscall(SYS_futex, &rounds_[0], FUTEX_WAIT, 0, nullptr, nullptr, 0);
  for (std::uint32_t seen = 0;; relax()) {
    const std::uint32_t round = rounds_[0].load(std::memory_order_relaxed);
    if (round == seen) continue;
    seen = round;
    rounds_[index + 1].store(seen);
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

bool Crowd::all_ran(Steps& steps) noexcept {
  const std::uint32_t round = rounds_[0].load() + 1;
  rounds_[0].store(round);
  if (round == 1)
    (void)::syscall(SYS_futex, &rounds_[0], FUTEX_WAKE, INT_MAX, nullptr,
                    nullptr, 0);
  std::size_t ran = 0;
  return poll_until(tids_.front(), same_cpu_,
                    [&] {
                      while (ran < count_ && rounds_[ran + 1].load() == round)
                        ++ran;
                      return ran == count_;
                    }) ||
         steps.not_reached("a busy loop does not run");
}

}  // namespace retrap
