// SPDX-License-Identifier: GPL-2.0-only
#include "core/sys/file.h"

#include <fcntl.h>
#include <unistd.h>

#include "core/sys/unique_fd.h"

namespace retrap {

std::optional<std::string> read_file(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd) return std::nullopt;
  std::string text;
  char part[4096];
  for (;;) {
    const ssize_t got = ::read(fd.get(), part, sizeof part);
    if (got < 0) return std::nullopt;
    if (got == 0) return text;
    text.append(part, static_cast<std::size_t>(got));
  }
}

}  // namespace retrap
