// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/task_state.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <string>

#include "core/ptrace/wait.h"
#include "core/sys/check.h"

namespace retrap {
namespace {

// Below task/: /proc/<pid>/stat sums up all threads, which takes as long.
UniqueFd open_proc(pid_t pid, const char* name) {
  const std::string task = std::to_string(pid);
  const std::string path = "/proc/" + task + "/task/" + task + "/" + name;
  return UniqueFd(
      check_unix(::open(path.c_str(), O_RDONLY | O_CLOEXEC), path.c_str()));
}

// Reads from the start, as a text; an empty one when that fails.
template <std::size_t kSize>
void read_again(const UniqueFd& fd, char (&text)[kSize]) noexcept {
  const ssize_t got = ::pread(fd.get(), text, kSize - 1, 0);
  text[got > 0 ? got : 0] = '\0';
}

}  // namespace

TaskState::TaskState(pid_t pid)
    : pid_(pid),
      syscall_(open_proc(pid, "syscall")),
      stat_(open_proc(pid, "stat")) {}

std::optional<long> TaskState::blocked_syscall() const noexcept {
  char text[256];
  read_again(syscall_, text);
  char* end = text;
  const long number = std::strtol(text, &end, 10);
  if (end == text) return std::nullopt;  // "running", or no such task
  return number;
}

char TaskState::letter() const noexcept {
  char text[512];
  read_again(stat_, text);
  const char* name_end = std::strrchr(text, ')');
  return name_end != nullptr && name_end[1] == ' ' ? name_end[2] : '\0';
}

bool TaskState::has_report() const noexcept {
  return is_status(peek_wait(pid_, WEXITED | WSTOPPED | WNOHANG | __WALL));
}

}  // namespace retrap
