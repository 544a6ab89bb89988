// SPDX-License-Identifier: GPL-2.0-only
// Files that appear whole or not at all, and never change again.
#ifndef RETRAP_CORE_OUTPUT_ATOMIC_FILE_H_
#define RETRAP_CORE_OUTPUT_ATOMIC_FILE_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

namespace retrap {

// Writes `content` under a temporary name in the directory of `path`, fsyncs,
// makes it read-only, renames, fsyncs the directory. Throws
// std::system_error, and leaves nothing behind, when any of it fails.
void write_atomically(const std::string& path,
                      std::span<const std::byte> content);
void write_atomically(const std::string& path, std::string_view content);

// The name a file has until it is complete.
std::string temporary_name(const std::string& path);

// The second half alone, for a file that another library wrote under
// temporary_name(path).
void publish(const std::string& path);

}  // namespace retrap

#endif  // RETRAP_CORE_OUTPUT_ATOMIC_FILE_H_
