// SPDX-License-Identifier: GPL-2.0-only
// The ways a tracer is told of group-stop changes.
#ifndef RETRAP_CORE_PTRACE_INTERFACE_H_
#define RETRAP_CORE_PTRACE_INTERFACE_H_

#include <array>
#include <optional>
#include <string_view>
#include <vector>

namespace retrap {

enum class Interface {
  kListen,
  kAsyncRetrap,
  kPleaseNotify,
  kListenRepublish  // PTRACE_LISTEN; INTERRUPT reports the trap again
};

inline constexpr std::array kInterfaces = {
    Interface::kListen, Interface::kAsyncRetrap, Interface::kPleaseNotify,
    Interface::kListenRepublish};

std::string_view interface_name(Interface interface) noexcept;
std::optional<Interface> interface_from_name(std::string_view name) noexcept;

// The tracer waits for the next report with PTRACE_LISTEN.
constexpr bool listens(Interface interface) noexcept {
  return interface == Interface::kListen ||
         interface == Interface::kListenRepublish;
}

// The bit of PTRACE_SEIZE's data that selects the interface; listen: none.
unsigned long seize_option(Interface interface) noexcept;

// What the running kernel accepts, found out by seizing a child with each
// bit. Throws std::system_error when PTRACE_SEIZE itself is not permitted.
std::vector<Interface> probe_offered();

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_INTERFACE_H_
