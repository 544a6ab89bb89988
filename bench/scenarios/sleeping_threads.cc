// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/sleeping_threads.h"

#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <thread>

#include "core/ptrace/patience.h"
#include "core/ptrace/wait.h"
#include "core/sys/check.h"

namespace retrap {

SleepingThreads::SleepingThreads(int count, int cpu)
    : process_(Tracee::spawn([this, count] { run(count); }, cpu)),
      tids_({process_.pid()}) {
  announced_.writer.reset();  // so that a dead process ends the loop
  tids_.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    if (const pid_t tid = next_tid(); tid != process_.pid())
      tids_.push_back(tid);
  std::sort(tids_.begin() + 1, tids_.end());
}

SleepingThreads::~SleepingThreads() {
  (void)process_.try_kill(SIGKILL);
  Patience patience(process_.pid());
  for (const pid_t tid : std::span(tids_).subspan(1))
    while (!reap_killed(tid) && patience.lasts())
      std::this_thread::sleep_for(std::chrono::microseconds(100));
}

void SleepingThreads::run(int count) const {
  for (int i = 1; i < count; ++i)
    std::thread([this] { sleep_announced(); }).detach();
  sleep_announced();
}

void SleepingThreads::sleep_announced() const noexcept {
  const auto tid = static_cast<pid_t>(::syscall(SYS_gettid));
  (void)!::write(announced_.writer.get(), &tid, sizeof tid);
  sleep_in_pause();
}

pid_t SleepingThreads::next_tid() const {
  pid_t tid = 0;
  const auto got = check_unix(::read(announced_.reader.get(), &tid, sizeof tid),
                              "read a tid");
  if (got != sizeof tid)
    throw_errno(EAGAIN, "start of so many threads (ulimit -u, pids.max)");
  return tid;
}

}  // namespace retrap
