// SPDX-License-Identifier: GPL-2.0-only
// What the tracer's requests and waits do to a state, and what they answer.
#ifndef RETRAP_MODEL_TRACER_H_
#define RETRAP_MODEL_TRACER_H_

#include "model/action.h"
#include "model/design.h"
#include "model/state.h"

namespace retrap::model {

// Requests, PTRACE_SEIZE and PTRACE_KILL included, and waits.
Outcome request(const Design& design, State& state, const Action& action);

// The kernel holds the tracee in its trap for the length of such a request.
[[nodiscard]] bool freezes(Verb verb);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_TRACER_H_
