// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/patience.h"

#include <unistd.h>

#include <filesystem>
#include <iterator>
#include <sstream>
#include <string>
#include <system_error>
#include <vector>

#include "core/sys/file.h"

namespace retrap {
namespace {

constexpr std::size_t kState = 3 - 3;  // of stat_fields(); proc_pid_stat(5)
constexpr std::size_t kUserTime = 14 - 3;
constexpr std::size_t kSystemTime = 15 - 3;

// From the third on: the name before may hold anything. Empty: it is gone.
std::vector<std::string> stat_fields(const std::string& directory) {
  const std::string text = read_file(directory + "/stat").value_or("");
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos) return {};
  std::istringstream rest(text.substr(name_end + 1));
  return {std::istream_iterator<std::string>(rest), {}};
}

bool any_thread_is_runnable(const std::string& process) {
  std::error_code gone;
  for (std::filesystem::directory_iterator thread(process + "/task", gone), end;
       !gone && thread != end; thread.increment(gone)) {
    const auto fields = stat_fields(thread->path().string());
    if (!fields.empty() && fields[kState] == "R") return true;
  }
  return false;
}

}  // namespace

Progress Progress::of(pid_t pid) {
  const std::string process = "/proc/" + std::to_string(pid);
  const auto fields = stat_fields(process);
  if (fields.size() <= kSystemTime) return {};
  const long ticks =
      std::stol(fields[kUserTime]) + std::stol(fields[kSystemTime]);
  return {any_thread_is_runnable(process),
          std::chrono::milliseconds(ticks * 1000 / ::sysconf(_SC_CLK_TCK))};
}

bool Patience::look_again() noexcept {
  const bool lasts = lasts_after(Progress::of(pid_));
  next_look_ = RawClock::now() + kLookEveryNs;
  return lasts;
}

bool Patience::lasts_after(const Progress& seen) noexcept {
  const bool is_first = !first_;
  if (is_first) first_ = seen;
  saw_it_run_ = seen.ran - first_->ran >= kChance;
  const bool is_idle = !is_first && !seen.runnable && !last_.runnable;
  last_ = seen;
  return !saw_it_run_ && !is_idle;
}

}  // namespace retrap
