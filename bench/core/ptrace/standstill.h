// SPDX-License-Identifier: GPL-2.0-only
// For how long neither the tracer nor a tracee got on.
//
// The tracer gets on when it runs or wants to. A tracee that is kept from its
// CPU keeps the tracer waiting, and nothing hangs.
#ifndef RETRAP_CORE_PTRACE_STANDSTILL_H_
#define RETRAP_CORE_PTRACE_STANDSTILL_H_

#include <sys/types.h>

#include <chrono>
#include <map>
#include <vector>

#include "core/ptrace/patience.h"

namespace retrap {

class Standstill {
 public:
  explicit Standstill(pid_t tracer);

  // Sleeps for a while and looks at all of them; how long it lasts by now.
  std::chrono::milliseconds look(const std::vector<pid_t>& tracees);
  // From the next look on, as if all had moved.
  void forget() noexcept { still_ = std::chrono::milliseconds{0}; }

 private:
  pid_t tracer_;
  Progress tracer_was_;
  std::map<pid_t, Progress> tracees_were_;
  std::chrono::milliseconds still_{0};
};

// The last word to a tracer that the death of its tracees does not wake.
[[noreturn]] void kill_sleeping_tracer(pid_t tracer) noexcept;

}  // namespace retrap

#endif  // RETRAP_CORE_PTRACE_STANDSTILL_H_
