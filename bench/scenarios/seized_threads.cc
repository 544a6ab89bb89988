// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/seized_threads.h"

#include <sys/resource.h>

#include "core/ptrace/tracee.h"
#include "core/sys/check.h"

namespace retrap {
namespace {

// The start state of each thread is read off two files, kept open.
constexpr rlim_t kFilesOfAThread = 2;
constexpr rlim_t kOtherFiles = 64;

void allow_files_of(int threads) {
  const rlim_t wanted =
      kFilesOfAThread * static_cast<rlim_t>(threads) + kOtherFiles;
  rlimit limit{};
  check_unix(::getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
  if (limit.rlim_cur >= wanted) return;
  limit.rlim_cur = wanted;
  check_unix(::setrlimit(RLIMIT_NOFILE, &limit),
             "open files of so many threads (ulimit -Hn)");
}

}  // namespace

SeizedThreads::SeizedThreads(const CellConfig& config, int count)
    : process_(count, config.ends.tracee_cpu) {
  allow_files_of(count);
  loops_.reserve(process_.tids().size());
  for (const pid_t tid : process_.tids()) {
    throw_if(try_seize_task(tid, seize_option(config.interface)),
             "PTRACE_SEIZE of a thread");
    loops_.emplace_back(config.interface, tid, config.ends.same_cpu());
  }
}

bool SeizedThreads::asleep() noexcept {
  return each(0, [](StopLoop& loop) noexcept { return loop.asleep(); });
}

bool SeizedThreads::report(WaitStatus expected, std::size_t first,
                           std::size_t count) noexcept {
  return each(first, count, [expected](StopLoop& loop) noexcept {
    return loop.steps().wait_for(expected);
  });
}

bool SeizedThreads::watch(std::size_t armed) noexcept {
  return each(0, told(armed),
              [](StopLoop& loop) noexcept { return loop.watch(); }) &&
         each(told(armed), [](StopLoop& loop) noexcept {
           return loop.steps().trapped_and_quiet();
         });
}

// SIGCONT waits for whoever leaves its trap first, and that is the process
// itself. Who was not told traps once more before.
bool SeizedThreads::resume(std::size_t told) noexcept {
  const auto trap_again = [](StopLoop& loop) noexcept {
    return loop.steps().cont() && loop.steps().wait_for(stop_trap(SIGTRAP));
  };
  const auto acknowledge = [](StopLoop& loop) noexcept {
    return loop.acknowledge(false);
  };
  return each(told, trap_again) && each(0, acknowledge) && steps().cont() &&
         steps().wait_for(signal_stop(SIGCONT)) &&
         each(0, [](StopLoop& loop) noexcept { return loop.steps().cont(); }) &&
         asleep();
}

}  // namespace retrap
