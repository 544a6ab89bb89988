// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/watchdog.h"

#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <csignal>
#include <new>
#include <thread>

#include "core/ptrace/standstill.h"
#include "core/ptrace/task_state.h"
#include "core/ptrace/wait.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"

namespace retrap {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kGrace{5000};
constexpr auto kPollTime = std::chrono::microseconds(100);

}  // namespace

static_assert(std::atomic<bool>::is_always_lock_free);

Watchdog::Watchdog(pid_t tracee, milliseconds deadline) : deadline_(deadline) {
  const UniqueFd tracee_fd(static_cast<int>(
      check_unix(::syscall(SYS_pidfd_open, tracee, 0), "pidfd_open")));
  void* page = ::mmap(nullptr, sizeof *expired_, PROT_READ | PROT_WRITE,
                      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) throw_errno(errno, "mmap of the watchdog's word");
  expired_ = ::new (page) std::atomic<bool>(false);
  const pid_t tracer = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) guard(tracer, tracee, tracee_fd.get());
  if (pid_ == -1) {
    const int error = errno;
    (void)::munmap(page, sizeof *expired_);
    throw_errno(error, "fork of the watchdog");
  }
  // Its first steps are page faults, on the CPU that the tracer leaves when it
  // sleeps in its first sample.
  const TaskState state(pid_);
  while (!state.blocked_syscall() && !state.has_report())
    std::this_thread::sleep_for(kPollTime);
}

Watchdog::~Watchdog() {
  kill_and_reap(pid_);
  (void)::munmap(expired_, sizeof *expired_);
}

void Watchdog::guard(pid_t tracer, pid_t tracee, int tracee_fd) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != tracer) ::_exit(0);
  std::this_thread::sleep_for(deadline_);
  *expired_ = true;
  (void)::syscall(SYS_pidfd_send_signal, tracee_fd, SIGKILL, nullptr, 0);
  Standstill standstill(tracer);
  while (standstill.look({tracee}) < kGrace) {
  }
  kill_sleeping_tracer(tracer);
}

}  // namespace retrap
