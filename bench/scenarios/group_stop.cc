// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/group_stop.h"

namespace retrap {

SeizedTracee::SeizedTracee(const CellConfig& config)
    : interface_(config.interface),
      tracee_(Tracee::spawn(sleep_in_pause, config.ends.tracee_cpu)),
      steps_(tracee_.pid(), config.ends.same_cpu()) {
  tracee_.seize(interface_);
}

bool SeizedTracee::acknowledge(bool stopped) noexcept {
  siginfo_t info{};
  if (!steps_.getsiginfo(info)) return false;
  if (((si_pt_flags(info) & kSiStopped) != 0) == stopped) return true;
  return steps_.not_reached(stopped ? "PTRACE_SI_STOPPED is not set"
                                    : "PTRACE_SI_STOPPED is still set");
}

bool SeizedTracee::ask(bool stopped) noexcept {
  switch (interface_) {
    case Interface::kListen:
    case Interface::kListenRepublish:
      return steps_.listen();
    case Interface::kPleaseNotify:
      return steps_.jobctl_cont();
    case Interface::kAsyncRetrap:  // a trapped tracee is told of without more
      return acknowledge(stopped);
  }
  return false;
}

bool SeizedTracee::watch() noexcept {
  return ask(true) && steps_.trapped_and_quiet();
}

bool SeizedTracee::stop_waiting(int sig) noexcept {
  return interface_ == Interface::kAsyncRetrap ||
         (steps_.interrupt() && steps_.wait_for(stop_trap(sig)));
}

// The tracee was not waiting: listen and please-notify stay silent until it
// is resumed, and then trap before user mode; async-retrap re-traps at once.
bool SeizedTracee::resume_from_stop() noexcept {
  const bool by_itself = interface_ == Interface::kAsyncRetrap;
  return steps_.kill(SIGCONT) && (by_itself || steps_.cont()) &&
         steps_.wait_for(stop_trap(SIGTRAP)) && resume_from_notification();
}

// Asleep at the end: the next SIGSTOP then finds it in one state, not two.
bool SeizedTracee::resume_from_notification() noexcept {
  if (interface_ == Interface::kAsyncRetrap && !acknowledge(false))
    return false;
  return steps_.cont() && steps_.wait_for(signal_stop(SIGCONT)) &&
         steps_.cont() && asleep();
}

// With async-retrap CONT of a trap that is not acknowledged traps again.
bool SeizedTracee::pass(WaitStatus stop) noexcept {
  if (kind_of(stop) == StopKind::kSignalDelivery)
    return steps_.cont(stop_signal_of(stop));
  siginfo_t info{};
  return (interface_ != Interface::kAsyncRetrap || steps_.getsiginfo(info)) &&
         steps_.cont();
}

}  // namespace retrap
