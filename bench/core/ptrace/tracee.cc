// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/tracee.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <thread>
#include <utility>

#include "core/measure/marker.h"
#include "core/ptrace/patience.h"
#include "core/ptrace/uapi.h"
#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/check.h"
#include "core/sys/unique_fd.h"

namespace retrap {
namespace {

constexpr auto kPollTime = std::chrono::microseconds(100);

const void* as_data(unsigned long value) noexcept {
  return reinterpret_cast<const void*>(value);  // NOLINT: ptrace(2) wants it
}

// Runs in the child, and never returns. `ready` carries errno, or closes.
[[noreturn]] void run_child(const std::function<void()>& body, pid_t parent,
                            std::optional<int> cpu, UniqueFd ready) noexcept {
  try {
    check_unix(::prctl(PR_SET_PDEATHSIG, SIGKILL), "PR_SET_PDEATHSIG");
    if (::getppid() != parent) ::_exit(1);
    if (cpu) pin_to_cpu(*cpu);
    mark<Marker::kTracee>();
    ready.reset();
    body();
    ::_exit(0);
  } catch (const std::system_error& error) {
    const int code = error.code().value();
    if (ready) (void)!::write(ready.get(), &code, sizeof code);
  } catch (...) {
    // The parent sees the exit status.
  }
  ::_exit(1);
}

}  // namespace

void sleep_in_pause() {
  for (;;) ::pause();
}

Tracee Tracee::spawn(const std::function<void()>& body,
                     std::optional<int> cpu) {
  int ends[2];
  check_unix(::pipe2(ends, O_CLOEXEC), "pipe2");
  UniqueFd reader(ends[0]);
  UniqueFd writer(ends[1]);
  const pid_t parent = ::getpid();
  Tracee tracee(check_unix(::fork(), "fork"));
  if (tracee.pid_ == 0) {
    reader.reset();
    run_child(body, parent, cpu, std::move(writer));
  }
  writer.reset();
  int error = 0;
  ssize_t got = 0;
  do {
    got = ::read(reader.get(), &error, sizeof error);
  } while (got == -1 && errno == EINTR);
  check_unix(got, "read from the new tracee");
  if (got > 0) throw_errno(error, "set-up of the tracee");
  return tracee;
}

std::error_code try_seize_task(pid_t tid, unsigned long options) noexcept {
  return to_error(::syscall(SYS_ptrace, PTRACE_SEIZE, tid, nullptr,
                            as_data(options | PTRACE_O_EXITKILL)));
}

Tracee::Tracee(Tracee&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}

Tracee::~Tracee() {
  if (pid_ <= 0) return;
  (void)::kill(pid_, SIGKILL);
  Patience patience(pid_);
  while (!reap_killed(pid_) && patience.lasts())
    std::this_thread::sleep_for(kPollTime);
}

std::error_code Tracee::try_request(long request, const void* addr,
                                    const void* data) const noexcept {
  // Not ptrace(3): its type for requests knows only those of mainline.
  return to_error(::syscall(SYS_ptrace, request, pid_, addr, data));
}

std::error_code Tracee::try_seize(unsigned long options) const noexcept {
  return try_seize_task(pid_, options);
}

std::error_code Tracee::try_kill(int sig) const noexcept {
  return to_error(::kill(pid_, sig));
}

void Tracee::seize(Interface interface, unsigned long options) const {
  throw_if(try_seize(seize_option(interface) | options), "PTRACE_SEIZE");
}

}  // namespace retrap
