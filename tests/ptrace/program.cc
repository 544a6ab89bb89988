// SPDX-License-Identifier: GPL-2.0-only
#include "program.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <memory>
#include <sstream>

#include "core/sys/check.h"
#include "core/sys/file.h"

namespace retrap {
namespace {

struct CloseFile {
  void operator()(FILE* file) const { (void)::fclose(file); }
};
using File = std::unique_ptr<FILE, CloseFile>;

pid_t start(const std::vector<std::string>& arguments, int out, int err) {
  const pid_t pid = check_unix(::fork(), "fork");
  if (pid != 0) return pid;
  std::vector<std::string> words = arguments;
  words.insert(words.begin(), RETRAP_BENCH);
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  (void)::dup2(out, STDOUT_FILENO);
  (void)::dup2(err, STDERR_FILENO);
  (void)::execv(RETRAP_BENCH, argv.data());
  ::_exit(127);
}

std::string text_of(const File& file) {
  return read_file("/proc/self/fd/" + std::to_string(::fileno(file.get())))
      .value_or("");
}

}  // namespace

Output run_bench(const std::vector<std::string>& arguments) {
  const File out(::tmpfile());
  const File err(::tmpfile());
  const pid_t pid = start(arguments, ::fileno(out.get()), ::fileno(err.get()));
  int status = 0;
  check_unix(::waitpid(pid, &status, 0), "waitpid");
  return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, text_of(out),
          text_of(err)};
}

pid_t start_bench(const std::vector<std::string>& arguments) {
  const File nowhere(::fopen("/dev/null", "we"));
  const int fd = ::fileno(nowhere.get());
  return start(arguments, fd, fd);
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
