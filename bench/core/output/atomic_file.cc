// SPDX-License-Identifier: GPL-2.0-only
#include "core/output/atomic_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

#include "core/sys/check.h"
#include "core/sys/unique_fd.h"

namespace retrap {
namespace {

int checked(int rc, const std::string& what) {
  return check_unix(rc, what.c_str());
}

// Removes the temporary file unless it got its final name.
class Temporary {
 public:
  explicit Temporary(std::string name) : name_(std::move(name)) {}
  Temporary(const Temporary&) = delete;
  Temporary& operator=(const Temporary&) = delete;
  Temporary(Temporary&&) = delete;
  Temporary& operator=(Temporary&&) = delete;
  ~Temporary() {
    if (!name_.empty()) (void)::unlink(name_.c_str());
  }
  [[nodiscard]] const std::string& name() const { return name_; }
  void rename_to(const std::string& path) {
    checked(::rename(name_.c_str(), path.c_str()), "rename to " + path);
    name_.clear();
  }

 private:
  std::string name_;
};

// write(2) may write less than asked; the next call then says why.
void write_all(const UniqueFd& fd, std::span<const std::byte> content,
               const std::string& path) {
  while (!content.empty()) {
    const ssize_t wrote = ::write(fd.get(), content.data(), content.size());
    if (wrote == -1 && errno == EINTR) continue;
    check_unix(wrote, ("write " + path).c_str());
    content = content.subspan(static_cast<std::size_t>(wrote));
  }
}

void sync_directory_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : path.substr(0, slash + 1);
  const UniqueFd fd(
      checked(::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC),
              "open " + directory));
  // Some file systems cannot sync a directory, and say EINVAL.
  if (::fsync(fd.get()) == -1 && errno != EINVAL)
    throw_errno(errno, ("fsync " + directory).c_str());
}

void seal(const UniqueFd& fd, Temporary& temporary, const std::string& path) {
  checked(::fsync(fd.get()), "fsync " + path);
  checked(::fchmod(fd.get(), 0444), "chmod " + path);
  temporary.rename_to(path);
  sync_directory_of(path);
}

}  // namespace

std::string temporary_name(const std::string& path) { return path + ".part"; }

void write_atomically(const std::string& path,
                      std::span<const std::byte> content) {
  Temporary temporary(temporary_name(path));
  const UniqueFd fd(
      checked(::open(temporary.name().c_str(),
                     O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644),
              "create " + path));
  write_all(fd, content, path);
  seal(fd, temporary, path);
}

void write_atomically(const std::string& path, std::string_view content) {
  write_atomically(path, std::as_bytes(std::span(content)));
}

void publish(const std::string& path) {
  Temporary temporary(temporary_name(path));
  const UniqueFd fd(
      checked(::open(temporary.name().c_str(), O_RDONLY | O_CLOEXEC),
              "open " + temporary.name()));
  seal(fd, temporary, path);
}

}  // namespace retrap
