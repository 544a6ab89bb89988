// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <memory>
#include <sstream>

#include "core/ptrace/wait.h"
#include "core/sys/check.h"
#include "core/sys/file.h"

namespace retrap {
namespace {

struct CloseFile {
  void operator()(FILE* file) const { (void)::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

pid_t start(const std::vector<std::string>& arguments, int out, int err,
            const std::function<void()>& before) {
  const pid_t pid = check_unix(::fork(), "fork");
  if (pid != 0) return pid;
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), RETRAP_BENCH);
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  (void)::dup2(out, STDOUT_FILENO);
  (void)::dup2(err, STDERR_FILENO);
  before();
  (void)::execv(RETRAP_BENCH, argv.data());
  ::_exit(127);
}

std::string text_of(const File& file) {
  return read_file("/proc/self/fd/" + std::to_string(::fileno(file.get())))
      .value_or("");
}

}  // namespace

std::function<void()> without_syscall(long number) {
  return [number] {
    const auto wanted = static_cast<std::uint32_t>(number);
    sock_filter program[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, wanted, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)};
    const sock_fprog filter{std::size(program), program};
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
        ::prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter) != 0)
      ::_exit(126);
  };
}

Output run_bench(const std::vector<std::string>& arguments,
                 const std::function<void()>& before) {
  const File out(::tmpfile());
  const File err(::tmpfile());
  const pid_t pid =
      start(arguments, ::fileno(out.get()), ::fileno(err.get()), before);
  const WaitStatus status = wait_for(pid, 0);
  const bool exits = kind_of(status) == StopKind::kExited;
  return {exits ? exit_code_of(status) : -1, text_of(out), text_of(err)};
}

pid_t start_bench(const std::vector<std::string>& arguments) {
  const File nowhere(::fopen("/dev/null", "we"));
  const int fd = ::fileno(nowhere.get());
  return start(arguments, fd, fd, [] {});
}

std::vector<pid_t> children_of(pid_t pid) {
  const std::string id = std::to_string(pid);
  std::istringstream list(
      read_file("/proc/" + id + "/task/" + id + "/children").value_or(""));
  std::vector<pid_t> children;
  for (pid_t child = 0; list >> child;) children.push_back(child);
  return children;
}

}  // namespace retrap
