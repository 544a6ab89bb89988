// SPDX-License-Identifier: GPL-2.0-only
// Where the code of this process lies: proc_pid_maps(5).
#ifndef RETRAP_CORE_ENV_MAPPINGS_H_
#define RETRAP_CORE_ENV_MAPPINGS_H_

#include <string>
#include <string_view>
#include <vector>

namespace retrap {

// A line each, "START-END OFFSET PATH" with hexadecimal numbers. Empty when
// /proc/self/maps cannot be read.
std::vector<std::string> read_code_mappings();

// The executable ones of the text of a maps file.
std::vector<std::string> code_mappings(std::string_view maps);

}  // namespace retrap

#endif  // RETRAP_CORE_ENV_MAPPINGS_H_
