// SPDX-License-Identifier: GPL-2.0-only
// Turns a failed system call into an exception that names the operation.
#ifndef RETRAP_CORE_SYS_CHECK_H_
#define RETRAP_CORE_SYS_CHECK_H_

#include <cerrno>
#include <system_error>

namespace retrap {

[[noreturn]] inline void throw_errno(int error, const char* what) {
  throw std::system_error(error, std::system_category(), what);
}

// For calls that return -1 and set errno.
template <typename T>
T check_unix(T rc, const char* what) {
  if (rc == -1) throw_errno(errno, what);
  return rc;
}

// The same calls where failure is a legal outcome.
template <typename T>
std::error_code to_error(T rc) noexcept {
  if (rc == -1) return {errno, std::system_category()};
  return {};
}

inline void throw_if(std::error_code error, const char* what) {
  if (error) throw std::system_error(error, what);
}

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_CHECK_H_
