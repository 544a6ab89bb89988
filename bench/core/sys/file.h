// SPDX-License-Identifier: GPL-2.0-only
// Small files of /proc and /sys, read whole.
#ifndef RETRAP_CORE_SYS_FILE_H_
#define RETRAP_CORE_SYS_FILE_H_

#include <optional>
#include <string>

namespace retrap {

// Nothing when it cannot be read: a fact that is not known.
std::optional<std::string> read_file(const std::string& path);

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_FILE_H_
