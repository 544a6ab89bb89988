// SPDX-License-Identifier: GPL-2.0-only
#include "model/tracee_threads.h"

#include <sched.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <new>
#include <stdexcept>
#include <thread>

#include "core/ptrace/patience.h"
#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"

namespace retrap::model {
namespace {

constexpr std::chrono::seconds kSpawnLimit{20};
constexpr std::chrono::seconds kDeathLimit{10};

// Until `done`; false: `whom` had its chance, after `limit` at the earliest.
template <typename Done>
bool poll(pid_t whom, std::chrono::seconds limit, Done done) {
  Patience patience(whom, limit);
  for (int polls = 0; !done(); ++polls) {
    if (!patience.lasts()) return done();
    if (polls < 4)
      (void)::sched_yield();
    else
      std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  return true;
}

}  // namespace

TraceeThreads::TraceeThreads(const std::vector<int>& cpus,
                             std::chrono::seconds deadline)
    : threads_(static_cast<int>(cpus.size())) {
  void* page = ::mmap(nullptr, sizeof(Page), PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) check_unix(-1, "mmap of the counters");
  page_ = ::new (page) Page{};
  tracee_.emplace(Tracee::spawn([this, &cpus] { live(*page_, cpus); }));
  guard_.emplace(deadline);
  guard_->watch(tracee_->pid());
  wait_until_asleep();
}

TraceeThreads::~TraceeThreads() {
  if (tracee_) (void)finish();
  if (page_ != nullptr) (void)::munmap(page_, sizeof(Page));
}

pid_t TraceeThreads::tid(int thread) const noexcept {
  return (*page_)[static_cast<std::size_t>(thread)].tid;
}

std::uint64_t TraceeThreads::ticks(int thread) const noexcept {
  return (*page_)[static_cast<std::size_t>(thread)].ticks;
}

char TraceeThreads::letter(int thread) const noexcept {
  const TaskState& state = *states_[static_cast<std::size_t>(thread)];
  const char letter = state.letter();
  return letter == 'S' && !state.blocked_syscall() ? 'R' : letter;
}

// epoll_wait(2) is not restarted after a stop (signal(7)): each way out of it
// leads through user mode.
void TraceeThreads::sleep_and_count(Slot& slot, int cpu) {
  pin_to_cpu(cpu);
  slot.tid = static_cast<pid_t>(::syscall(SYS_gettid));
  const int nothing = check_unix(::epoll_create1(EPOLL_CLOEXEC), "epoll");
  for (;;) {
    slot.ticks.fetch_add(1, std::memory_order_relaxed);
    epoll_event event{};
    (void)::epoll_wait(nothing, &event, 1, -1);
  }
}

void TraceeThreads::live(Page& page, const std::vector<int>& cpus) {
  // Its own process group: not orphaned, so SIGTSTP stops it.
  check_unix(::setpgid(0, 0), "setpgid");
  sigset_t blocked;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGTERM);
  check_unix(::sigprocmask(SIG_SETMASK, &blocked, nullptr), "sigprocmask");
  struct sigaction action {};
  action.sa_handler = [](int) {};
  action.sa_flags = SA_NODEFER;
  check_unix(::sigaction(SIGUSR1, &action, nullptr), "sigaction");
  for (std::size_t i = 1; i < cpus.size(); ++i) {
    std::thread([&page, &cpus, i] {
      sleep_and_count(page[i], cpus[i]);
    }).detach();
  }
  sleep_and_count(page[0], cpus[0]);
}

void TraceeThreads::wait_until_asleep() {
  for (int i = 0; i < threads_; ++i) {
    const auto asleep = [this, i] {
      if (ticks(i) == 0) return false;
      auto& state = states_[static_cast<std::size_t>(i)];
      if (!state) state.emplace(tid(i));
      return state->letter() == 'S';
    };
    if (!poll(tracee_->pid(), kSpawnLimit, asleep))
      throw std::runtime_error("thread " + std::to_string(i) +
                               " of the new tracee does not go to sleep");
  }
}

// Threads first: a leader with traced siblings cannot be reaped.
std::string TraceeThreads::finish() {
  (void)tracee_->try_kill(SIGKILL);
  std::string left;
  for (int i = threads_ - 1; i >= 0; --i) {
    const pid_t id = tid(i);
    const bool gone = poll(tracee_->pid(), kDeathLimit, [this, i, id] {
      return reap_killed(id) && letter(i) == '\0';
    });
    if (!gone)
      left += "thread " + std::to_string(i) + " (tid " + std::to_string(id) +
              ") in state " + letter(i) + "; ";
  }
  guard_.reset();
  tracee_.reset();
  return left;
}

}  // namespace retrap::model
