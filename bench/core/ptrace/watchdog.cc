// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/watchdog.h"

#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string_view>
#include <thread>

#include "core/ptrace/task_state.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"

namespace retrap {
namespace {

constexpr auto kGrace = std::chrono::seconds(5);
constexpr auto kPollTime = std::chrono::microseconds(100);

void say(std::string_view text) noexcept {
  (void)!::write(STDERR_FILENO, text.data(), text.size());
}

[[noreturn]] void guard(pid_t tracer, int tracee_fd,
                        std::chrono::milliseconds deadline) noexcept {
  (void)::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != tracer) ::_exit(0);
  std::this_thread::sleep_for(deadline);
  (void)::syscall(SYS_pidfd_send_signal, tracee_fd, SIGKILL, nullptr, 0);
  std::this_thread::sleep_for(kGrace);
  say("retrap: the tracer did not return from its wait although its tracee"
      " was killed; killing the tracer. This kernel loses a wakeup.\n");
  (void)::kill(tracer, SIGKILL);
  ::_exit(0);
}

// Its first steps are page faults, on the CPU that the tracer leaves when it
// sleeps in its first sample.
void wait_until_asleep(pid_t watchdog) {
  const TaskState state(watchdog);
  while (!state.blocked_syscall() && !state.has_report())
    std::this_thread::sleep_for(kPollTime);
}

}  // namespace

Watchdog::Watchdog(pid_t tracee, std::chrono::milliseconds deadline)
    : end_(std::chrono::steady_clock::now() + deadline), pid_(-1) {
  const UniqueFd tracee_fd(static_cast<int>(
      check_unix(::syscall(SYS_pidfd_open, tracee, 0), "pidfd_open")));
  const pid_t tracer = ::getpid();
  pid_ = check_unix(::fork(), "fork");
  if (pid_ == 0) guard(tracer, tracee_fd.get(), deadline);
  wait_until_asleep(pid_);
}

Watchdog::~Watchdog() {
  (void)::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) == -1 && errno == EINTR) {
  }
}

bool Watchdog::expired() const noexcept {
  return std::chrono::steady_clock::now() >= end_;
}

}  // namespace retrap
