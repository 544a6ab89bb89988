// SPDX-License-Identifier: GPL-2.0-only
// Owns a file descriptor.
#ifndef RETRAP_CORE_SYS_UNIQUE_FD_H_
#define RETRAP_CORE_SYS_UNIQUE_FD_H_

#include <unistd.h>

#include <utility>

namespace retrap {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) noexcept : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  void reset() noexcept {
    // close(2): Linux frees the descriptor even when it returns EINTR.
    if (fd_ >= 0) (void)::close(std::exchange(fd_, -1));
  }

 private:
  int fd_ = -1;
};

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_UNIQUE_FD_H_
