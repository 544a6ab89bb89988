// SPDX-License-Identifier: GPL-2.0-only
// ptrace requests and waits as values that a test compares and GoogleTest
// prints: nothing here throws or asserts.
#ifndef RETRAP_BOOK_REQUESTS_H_
#define RETRAP_BOOK_REQUESTS_H_

#include <sys/types.h>

#include <cstdint>
#include <ostream>
#include <vector>

#include "core/ptrace/interface.h"
#include "core/ptrace/wait_status.h"

namespace retrap::conform {

// The outcome of a request, 0 or an errno.
struct Errno {
  int value = 0;
  friend bool operator==(Errno, Errno) = default;
};
inline constexpr Errno kOk{0};
std::ostream& operator<<(std::ostream& out, Errno error);

// ptrace(2) with any request number.
Errno request(unsigned long number, pid_t tid, unsigned long addr = 0,
              unsigned long data = 0) noexcept;

Errno seize(pid_t tid, Interface interface, unsigned long options = 0) noexcept;
Errno attach(pid_t tid) noexcept;
Errno interrupt(pid_t tid) noexcept;
Errno listen(pid_t tid) noexcept;
Errno jobctl_cont(pid_t tid) noexcept;
Errno cont(pid_t tid, int sig = 0) noexcept;
Errno detach(pid_t tid, int sig = 0) noexcept;
Errno peek(pid_t tid, const void* address) noexcept;

// PTRACE_GETSIGINFO; in AR mode the acknowledgement.
struct Info {
  Errno error;
  int signo = 0;
  int code = 0;
  bool stopped = false;  // si_pt_flags & PTRACE_SI_STOPPED
  friend bool operator==(const Info&, const Info&) = default;
};
Info siginfo(pid_t tid) noexcept;
std::ostream& operator<<(std::ostream& out, const Info& info);

// PTRACE_SETSIGINFO of these two, and nothing else.
Errno set_siginfo(pid_t tid, int signo, int code) noexcept;

// The general registers, uninterpreted.
struct Registers {
  Errno error;
  std::vector<std::byte> bytes;
  friend bool operator==(const Registers&, const Registers&) = default;
};
Registers registers(pid_t tid);

// The very next WNOHANG call.
WaitStatus wait_at_once(pid_t tid) noexcept;
// The first status; kNothing when the tracee had its chance (patience.h): on a
// machine with nothing else to do, after 2 s.
WaitStatus wait_eventually(pid_t tid) noexcept;
// Sleeps until there is one: whoever hangs is killed at the deadline.
WaitStatus wait_asleep(pid_t tid) noexcept;
// As a parent that may be no tracer: WUNTRACED and WCONTINUED in `options`.
WaitStatus parent_wait_at_once(pid_t pid, int options) noexcept;
WaitStatus parent_wait_eventually(pid_t pid, int options) noexcept;
// A stop, with WNOWAIT: left for another wait.
WaitStatus peek_wait_at_once(pid_t tid) noexcept;
WaitStatus peek_wait_eventually(pid_t tid) noexcept;

// Whether a SIGCHLD to this program was pending; it no longer is. main()
// blocks the signal.
bool take_sigchld() noexcept;
// Waits for one as wait_eventually() does, while `from` has its chance.
bool sigchld_comes(pid_t from) noexcept;

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_REQUESTS_H_
