// SPDX-License-Identifier: GPL-2.0-only
#include "core/ptrace/standstill.h"

#include <unistd.h>

#include <csignal>
#include <string_view>
#include <thread>

namespace retrap {
namespace {

constexpr std::chrono::milliseconds kLook{1000};

}  // namespace

Standstill::Standstill(pid_t tracer)
    : tracer_(tracer), tracer_was_(Progress::of(tracer)) {}

std::chrono::milliseconds Standstill::look(const std::vector<pid_t>& tracees) {
  std::this_thread::sleep_for(kLook);
  const Progress tracer_is = Progress::of(tracer_);
  bool moves = tracer_is.runnable || tracer_is.ran != tracer_was_.ran;
  std::map<pid_t, Progress> tracees_are;
  for (const pid_t tracee : tracees) {
    const Progress is = Progress::of(tracee);
    const auto was = tracees_were_.find(tracee);
    const bool starves =
        was != tracees_were_.end() && is.runnable && is.ran == was->second.ran;
    moves = moves || starves;
    tracees_are.emplace(tracee, is);
  }
  tracer_was_ = tracer_is;
  tracees_were_ = std::move(tracees_are);
  still_ = moves ? std::chrono::milliseconds{0} : still_ + kLook;
  return still_;
}

void kill_sleeping_tracer(pid_t tracer) noexcept {
  constexpr std::string_view kText =
      "retrap: the tracer did not return from its wait although its tracee"
      " was killed; killing the tracer. This kernel loses a wakeup.\n";
  (void)!::write(STDERR_FILENO, kText.data(), kText.size());
  (void)::kill(tracer, SIGKILL);
  ::_exit(0);
}

}  // namespace retrap
