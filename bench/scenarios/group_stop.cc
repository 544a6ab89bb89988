// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/group_stop.h"

namespace retrap {

bool StopLoop::getsiginfo_says(bool stopped) noexcept {
  siginfo_t info{};
  if (!steps_.getsiginfo(info)) return false;
  if (((si_pt_flags(info) & kSiStopped) != 0) == stopped) return true;
  return steps_.not_reached(stopped ? "PTRACE_SI_STOPPED is not set"
                                    : "PTRACE_SI_STOPPED is still set");
}

bool StopLoop::ask(bool stopped) noexcept {
  switch (interface_) {
    case Interface::kListen:
    case Interface::kListenRepublish:
      return steps_.listen();
    case Interface::kPleaseNotify:
      return steps_.jobctl_cont();
    case Interface::kAsyncRetrap:  // a trapped tracee is told of without more
      return getsiginfo_says(stopped);
  }
  return false;
}

bool StopLoop::watch() noexcept {
  return ask(true) && steps_.trapped_and_quiet();
}

bool StopLoop::stop_waiting(int sig) noexcept {
  return interface_ == Interface::kAsyncRetrap ||
         (steps_.interrupt() && steps_.wait_for(stop_trap(sig)));
}

// The tracee was not waiting: listen and please-notify stay silent until it
// is resumed, and then trap before user mode; async-retrap re-traps at once.
bool StopLoop::resume_after_sigcont() noexcept {
  const bool by_itself = interface_ == Interface::kAsyncRetrap;
  return (by_itself || steps_.cont()) && steps_.wait_for(stop_trap(SIGTRAP)) &&
         resume_from_notification();
}

// Asleep at the end: the next SIGSTOP then finds it in one state, not two.
bool StopLoop::resume_from_notification() noexcept {
  return acknowledge(false) && steps_.cont() &&
         steps_.wait_for(signal_stop(SIGCONT)) && steps_.cont() && asleep();
}

// However many they were, one SIGCONT is pending.
bool StopLoop::resume_from_storm() noexcept {
  WaitStatus stop = stop_trap(SIGTRAP);
  while (kind_of(stop) == StopKind::kTrapStop) {
    if (!pass(stop)) return false;
    stop = steps_.wait();
  }
  return (stop == signal_stop(SIGCONT) ||
          steps_.unexpected_stop(stop, signal_stop(SIGCONT))) &&
         steps_.cont() && asleep();
}

// With async-retrap CONT of a trap that is not acknowledged traps again.
bool StopLoop::pass(WaitStatus stop) noexcept {
  if (kind_of(stop) == StopKind::kSignalDelivery)
    return steps_.cont(stop_signal_of(stop));
  siginfo_t info{};
  return (interface_ != Interface::kAsyncRetrap || steps_.getsiginfo(info)) &&
         steps_.cont();
}

}  // namespace retrap
