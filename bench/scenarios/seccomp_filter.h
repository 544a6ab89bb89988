// SPDX-License-Identifier: GPL-2.0-only
// A seccomp filter that does something about getppid(2) and allows all else.
#ifndef RETRAP_SCENARIOS_SECCOMP_FILTER_H_
#define RETRAP_SCENARIOS_SECCOMP_FILTER_H_

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>

#include "core/sys/check.h"

namespace retrap {

// Whether a filter may return `action` here. EINVAL is from a kernel without
// CONFIG_SECCOMP_FILTER, ENOSYS from one without CONFIG_SECCOMP.
inline bool has_seccomp_action(std::uint32_t action) noexcept {
  return ::syscall(SYS_seccomp, SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

// For the caller and all that it forks from now on. With
// SECCOMP_FILTER_FLAG_NEW_LISTENER the listener, else 0.
inline int filter_getppid(std::uint32_t action, unsigned long flags) {
  sock_filter code[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, action),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
  const sock_fprog program{.len = std::size(code), .filter = code};
  check_unix(::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "PR_SET_NO_NEW_PRIVS");
  return static_cast<int>(check_unix(
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program),
      "SECCOMP_SET_MODE_FILTER"));
}

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_SECCOMP_FILTER_H_
