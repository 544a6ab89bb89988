// SPDX-License-Identifier: GPL-2.0-only
// What kernel-patch/ adds to <linux/ptrace.h>, and what libc leaves out of it.
#ifndef RETRAP_CORE_PTRACE_UAPI_H_
#define RETRAP_CORE_PTRACE_UAPI_H_

#include <sys/ptrace.h>

#include <csignal>

namespace retrap {

// Options of PTRACE_SEIZE; a kernel without the patch answers EIO.
inline constexpr unsigned long kOptionAsyncRetrap = 1UL << 24;
inline constexpr unsigned long kOptionPleaseNotify = 1UL << 25;
inline constexpr unsigned long kOptionListenRepublish = 1UL << 26;

// PTRACE_JOBCTL_CONT: outside 0x4206-0x4212, which mainline uses.
inline constexpr long kRequestJobctlCont = 0x42f0;

// PTRACE_SI_STOPPED, a bit of si_pt_flags: a group-stop is in effect.
inline constexpr int kSiStopped = 0x1;

// PTRACE_EVENT_STOP; libc defines it as an enumerator or not at all.
inline constexpr int kEventStop = 128;

// si_pt_flags lies where SIGCHLD has its status (offset 24 on 64 bit).
inline int si_pt_flags(const siginfo_t& info) { return info.si_status; }

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_UAPI_H_
