// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/wait_status.h"

#include <cstring>
#include <ostream>

namespace retrap {
namespace {

const char* sig_name(int sig) noexcept {
  const char* name = ::sigabbrev_np(sig);
  return name == nullptr ? "?" : name;
}

}  // namespace

std::ostream& operator<<(std::ostream& out, WaitStatus status) {
  if (status == kNothing) return out << "nothing to wait for";
  if (status == kNoTracee) return out << "ECHILD";
  if (status == kWaitFailed) return out << "waitpid failed";
  const auto flags = out.flags();
  out << "0x" << std::hex << word_of(status);
  out.flags(flags);
  switch (kind_of(status)) {
    case StopKind::kGroupStop:
    case StopKind::kTrapStop:
      return out << " STOP(" << sig_name(stop_signal_of(status)) << ")";
    case StopKind::kSignalDelivery:
      return out << " SD(" << sig_name(stop_signal_of(status)) << ")";
    case StopKind::kKilled:
      return out << " killed by " << sig_name(death_signal_of(status));
    default:
      return out;
  }
}

}  // namespace retrap
