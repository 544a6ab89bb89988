// SPDX-License-Identifier: GPL-2.0-only
// A child under ptrace that cannot outlive its owner.
#ifndef RETRAP_CORE_PTRACE_TRACEE_H_
#define RETRAP_CORE_PTRACE_TRACEE_H_

#include <sys/types.h>

#include <functional>
#include <optional>
#include <system_error>

#include "core/ptrace/interface.h"

namespace retrap {

// The usual body of a tracee: pause(2) for ever.
void sleep_in_pause();

// PTRACE_SEIZE of any task, as Tracee::try_seize().
[[nodiscard]] std::error_code try_seize_task(pid_t tid,
                                             unsigned long options) noexcept;

// seize() throws std::system_error naming the request; try_x() returns the
// error. All requests must come from the thread that spawned.
class Tracee {
 public:
  // Forks; the child dies with its parent, moves to `cpu` if given, then runs
  // `body` and exits. Returns when the child is about to enter `body`.
  static Tracee spawn(const std::function<void()>& body,
                      std::optional<int> cpu = std::nullopt);

  Tracee(Tracee&& other) noexcept;
  Tracee(const Tracee&) = delete;
  Tracee& operator=(const Tracee&) = delete;
  Tracee& operator=(Tracee&&) = delete;
  // SIGKILLs and reaps; gives up when it had its chance to die (patience.h), as
  // on a broken kernel (then PTRACE_O_EXITKILL and PR_SET_PDEATHSIG remain).
  ~Tracee();

  [[nodiscard]] pid_t pid() const noexcept { return pid_; }

  // `options` are added to PTRACE_O_EXITKILL.
  [[nodiscard]] std::error_code try_seize(unsigned long options) const noexcept;
  void seize(Interface interface, unsigned long options = 0) const;

  // Any request that returns 0 or -1.
  [[nodiscard]] std::error_code try_request(
      long request, const void* addr = nullptr,
      const void* data = nullptr) const noexcept;

  // To the thread group.
  [[nodiscard]] std::error_code try_kill(int sig) const noexcept;

 private:
  explicit Tracee(pid_t pid) noexcept : pid_(pid) {}
  pid_t pid_;
};

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_TRACEE_H_
