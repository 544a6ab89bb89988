// SPDX-License-Identifier: GPL-2.0-only
// Why a sample failed: noted without allocating, put into words afterwards.
#ifndef RETRAP_SCENARIOS_FAILURE_H_
#define RETRAP_SCENARIOS_FAILURE_H_

#include <string>

#include "core/measure/sample.h"
#include "core/ptrace/wait_status.h"

namespace retrap {

struct Failure {
  Outcome outcome = Outcome::kOk;
  const char* what = "";  // the operation, or the state that was not reached
  int error = 0;          // errno; 0: not a failed call
  WaitStatus got{};
  WaitStatus expected{};  // 0: not a wrong status
};

// "PTRACE_LISTEN: No such process"
std::string describe(const Failure& failure);

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_FAILURE_H_
