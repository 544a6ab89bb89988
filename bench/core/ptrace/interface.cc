// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/interface.h"

#include <unistd.h>

#include "core/ptrace/tracee.h"
#include "core/ptrace/uapi.h"
#include "core/sys/check.h"

namespace retrap {

std::string_view interface_name(Interface interface) noexcept {
  switch (interface) {
    case Interface::kListen:
      return "listen";
    case Interface::kAsyncRetrap:
      return "async-retrap";
    case Interface::kPleaseNotify:
      return "please-notify";
    case Interface::kListenRepublish:
      return "listen-republish";
  }
  return "?";
}

std::optional<Interface> interface_from_name(std::string_view name) noexcept {
  for (const Interface interface : kInterfaces)
    if (interface_name(interface) == name) return interface;
  return std::nullopt;
}

unsigned long seize_option(Interface interface) noexcept {
  switch (interface) {
    case Interface::kListen:
      return 0;
    case Interface::kAsyncRetrap:
      return kOptionAsyncRetrap;
    case Interface::kPleaseNotify:
      return kOptionPleaseNotify;
    case Interface::kListenRepublish:
      return kOptionListenRepublish;
  }
  return 0;
}

std::vector<Interface> probe_offered() {
  std::vector<Interface> offered;
  for (const Interface interface : kInterfaces) {
    const Tracee tracee = Tracee::spawn(sleep_in_pause);
    const std::error_code error = tracee.try_seize(seize_option(interface));
    if (!error)
      offered.push_back(interface);
    else if (error.value() != EIO)  // EIO: unknown option
      throw_if(error, "PTRACE_SEIZE");
  }
  return offered;
}

}  // namespace retrap
