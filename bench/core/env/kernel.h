// SPDX-License-Identifier: GPL-2.0-only
// Which kernel is running, and which program.
#ifndef RETRAP_CORE_ENV_KERNEL_H_
#define RETRAP_CORE_ENV_KERNEL_H_

#include <optional>
#include <string>
#include <string_view>

namespace retrap {

// A fact that cannot be read is nothing.
struct KernelFacts {
  std::optional<std::string> release;
  std::optional<std::string> version;
  std::optional<std::string> build_id;
  std::optional<std::string> config_sha256;  // given by the user
};

KernelFacts read_kernel_facts();

// The build id of this program, by which its file is known again (ld(1),
// --build-id); nothing when it was linked without.
std::optional<std::string> read_own_build_id();

// The GNU build id in ELF notes, as of /sys/kernel/notes, in hexadecimal.
std::optional<std::string> find_build_id(std::string_view notes);

}  // namespace retrap

#endif  // RETRAP_CORE_ENV_KERNEL_H_
