// SPDX-License-Identifier: GPL-2.0-only
// What a scenario of your own includes (docs/own-scenario.md). cell.h says what
// its class has, family.h how it is named and registered, steps.h what it can
// do to its tracee.
#ifndef RETRAP_SCENARIO_H_
#define RETRAP_SCENARIO_H_

#include <functional>

#include "core/ptrace/tracee.h"
#include "core/ptrace/wait_status.h"
#include "scenarios/cell.h"
#include "scenarios/family.h"
#include "scenarios/steps.h"

namespace retrap {

// The base of a scenario with one tracee, which runs `body` for ever and is
// seized. `options` are added to PTRACE_O_EXITKILL. Throws std::system_error,
// where a call fails.
class OneTracee {
 public:
  OneTracee(const CellConfig& config, const std::function<void()>& body,
            unsigned long options = 0)
      : tracee_(Tracee::spawn(body, config.ends.tracee_cpu)),
        steps_(tracee_.pid(), config.ends.same_cpu()) {
    tracee_.seize(config.interface, options);
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 protected:
  // Stops the tracee in a STOP trap, wherever it is.
  bool trap() noexcept {
    return steps_.interrupt() && steps_.wait_for(stop_trap(SIGTRAP));
  }
  // From a stop to the next entry or exit of a system call. The tracee is
  // seized with PTRACE_O_TRACESYSGOOD.
  bool to_syscall() noexcept {
    return steps_.resume_to_syscall() && steps_.wait_for(kSyscallStop);
  }

 private:
  Tracee tracee_;
  Steps steps_;
};

}  // namespace retrap

#endif  // RETRAP_SCENARIO_H_
