// SPDX-License-Identifier: GPL-2.0-only
#include "book/requests.h"

#include <elf.h>
#include <sched.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>

#include "core/ptrace/patience.h"
#include "core/ptrace/uapi.h"
#include "core/ptrace/wait.h"

namespace retrap::conform {
namespace {

constexpr long kPollPauseNs = 50'000;
constexpr int kYields = 200;

// Yields at first: without high-resolution timers a sleep is a whole tick.
void pause_before_poll(int polls) noexcept {
  if (polls < kYields) {
    (void)::sched_yield();
    return;
  }
  const timespec pause{0, kPollPauseNs};
  (void)::nanosleep(&pause, nullptr);
}

// `whom`: who must do something first.
template <typename Wait>
WaitStatus eventually(pid_t whom, Wait wait) noexcept {
  Patience patience(whom);
  for (int polls = 0;; ++polls) {
    const bool last = !patience.lasts();
    const WaitStatus status = wait();
    if (status != kNothing || last) return status;
    pause_before_poll(polls);
  }
}

unsigned long word(const void* pointer) noexcept {
  return reinterpret_cast<unsigned long>(pointer);
}

sigset_t sigchld_only() noexcept {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGCHLD);
  return set;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, Errno error) {
  if (error.value == 0) return out << "0";
  const char* name = ::strerrorname_np(error.value);
  return out << (name == nullptr ? "unknown errno" : name);
}

std::ostream& operator<<(std::ostream& out, const Info& info) {
  if (info.error != kOk) return out << "PTRACE_GETSIGINFO: " << info.error;
  const auto flags = out.flags();
  out << "si_signo " << info.signo << ", si_code 0x" << std::hex << info.code;
  out.flags(flags);
  return out << (info.stopped ? ", stopped" : ", not stopped");
}

// Not ptrace(3): it knows only the requests of mainline, and hides the result
// of PTRACE_PEEKDATA in errno.
Errno request(unsigned long number, pid_t tid, unsigned long addr,
              unsigned long data) noexcept {
  const long rc = ::syscall(SYS_ptrace, number, tid, addr, data);
  return rc == -1 ? Errno{errno} : kOk;
}

Errno seize(pid_t tid, Interface interface, unsigned long options) noexcept {
  return request(PTRACE_SEIZE, tid, 0, seize_option(interface) | options);
}

Errno attach(pid_t tid) noexcept { return request(PTRACE_ATTACH, tid); }
Errno interrupt(pid_t tid) noexcept { return request(PTRACE_INTERRUPT, tid); }
Errno listen(pid_t tid) noexcept { return request(PTRACE_LISTEN, tid); }

Errno jobctl_cont(pid_t tid) noexcept {
  return request(static_cast<unsigned long>(kRequestJobctlCont), tid);
}

Errno cont(pid_t tid, int sig) noexcept {
  return request(PTRACE_CONT, tid, 0, static_cast<unsigned long>(sig));
}

Errno detach(pid_t tid, int sig) noexcept {
  return request(PTRACE_DETACH, tid, 0, static_cast<unsigned long>(sig));
}

Errno peek(pid_t tid, const void* address) noexcept {
  unsigned long value = 0;  // the raw system call stores through data
  return request(PTRACE_PEEKDATA, tid, word(address), word(&value));
}

Errno set_siginfo(pid_t tid, int signo, int code) noexcept {
  siginfo_t raw{};
  raw.si_signo = signo;
  raw.si_code = code;
  return request(PTRACE_SETSIGINFO, tid, 0, word(&raw));
}

Info siginfo(pid_t tid) noexcept {
  siginfo_t raw{};
  Info info;
  info.error = request(PTRACE_GETSIGINFO, tid, 0, word(&raw));
  if (info.error != kOk) return info;
  info.signo = raw.si_signo;
  info.code = raw.si_code;
  info.stopped = (si_pt_flags(raw) & kSiStopped) != 0;
  return info;
}

namespace {

// PSTATE.SS of arm64 is the kernel's own, and no trace of user mode:
// PTRACE_SINGLESTEP sets it while the tracee is stopped, and it stays
// (user_enable_single_step(), arch/arm64/kernel/debug-monitors.c).
void hide_single_step([[maybe_unused]] std::vector<std::byte>& bytes) {
#if defined(__aarch64__)
  constexpr std::size_t kPstate = offsetof(user_regs_struct, pstate);
  bytes.at(kPstate + 2) &= ~std::byte{0x20};  // bit 21
#endif
}

}  // namespace

Registers registers(pid_t tid) {
  Registers registers;
  std::array<std::byte, 1024> buffer{};
  iovec area{buffer.data(), buffer.size()};
  registers.error = request(PTRACE_GETREGSET, tid, NT_PRSTATUS, word(&area));
  if (registers.error == kOk) {
    registers.bytes.assign(buffer.data(), buffer.data() + area.iov_len);
    hide_single_step(registers.bytes);
  }
  return registers;
}

WaitStatus parent_wait_at_once(pid_t pid, int options) noexcept {
  return wait_for(pid, options | WNOHANG);
}

WaitStatus wait_at_once(pid_t tid) noexcept {
  return parent_wait_at_once(tid, __WALL);
}

WaitStatus wait_asleep(pid_t tid) noexcept { return wait_for(tid, __WALL); }

WaitStatus peek_wait_at_once(pid_t tid) noexcept {
  return peek_wait(tid, WSTOPPED | WNOHANG | __WALL);
}

WaitStatus wait_eventually(pid_t tid) noexcept {
  return eventually(tid, [tid] { return wait_at_once(tid); });
}

WaitStatus parent_wait_eventually(pid_t pid, int options) noexcept {
  return eventually(
      pid, [pid, options] { return parent_wait_at_once(pid, options); });
}

WaitStatus peek_wait_eventually(pid_t tid) noexcept {
  return eventually(tid, [tid] { return peek_wait_at_once(tid); });
}

bool sigchld_comes(pid_t from) noexcept {
  const sigset_t set = sigchld_only();
  const timespec slice{0, 100'000'000};
  Patience patience(from);
  for (;;) {
    const bool last = !patience.lasts();
    if (::sigtimedwait(&set, nullptr, &slice) == SIGCHLD) return true;
    if (last) return false;
  }
}

bool take_sigchld() noexcept {
  const sigset_t set = sigchld_only();
  const timespec no_time{0, 0};
  bool taken = false;
  while (::sigtimedwait(&set, nullptr, &no_time) == SIGCHLD) taken = true;
  return taken;
}

}  // namespace retrap::conform
