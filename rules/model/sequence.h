// SPDX-License-Identifier: GPL-2.0-only
// One sequence of actions on one tracee, compared with the model after each.
#ifndef RETRAP_MODEL_SEQUENCE_H_
#define RETRAP_MODEL_SEQUENCE_H_

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "model/action.h"
#include "model/design.h"
#include "model/possible.h"
#include "model/state.h"

namespace retrap::model {

// A tracee with the tracer and the signal sender around it: the kernel's, or
// in unit tests one that the model simulates. Seized, running, asleep.
class System {
 public:
  System() = default;
  System(const System&) = delete;
  System& operator=(const System&) = delete;
  System(System&&) = delete;
  System& operator=(System&&) = delete;
  virtual ~System() = default;

  virtual Outcome perform(const Action& action) = 0;
  // How often the thread went round its loop in user mode.
  virtual std::uint64_t ticks(int thread) = 0;
  // Orders that may still be on their way.
  virtual int orders_left() = 0;
  // Kills what there is. Empty, or what is left over.
  virtual std::string finish() = 0;
};

struct Failure {
  Actions actions;       // the last one is the one that failed
  std::string expected;  // all that the model allows
  std::string seen;
};

struct Counts {
  std::uint64_t steps = 0;
  std::uint64_t sequences = 0;
  std::size_t most_states = 0;  // possible at a time
  std::map<std::string, std::uint64_t> actions;
  std::map<std::string, std::uint64_t> outcomes;  // "verb: outcome"
};

// The next action; nothing ends the sequence.
using Source = std::function<std::optional<Action>(Possible&)>;

std::optional<Failure> run_sequence(System& system, const Design& design,
                                    const State& start, const Source& source,
                                    Counts& counts);

// Actions that mean nothing in their place are left out.
Source replay(const Actions& actions);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_SEQUENCE_H_
