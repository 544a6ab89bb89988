// SPDX-License-Identifier: GPL-2.0-only
// Chooses actions at random, likely ones more often.
#ifndef RETRAP_MODEL_GENERATOR_H_
#define RETRAP_MODEL_GENERATOR_H_

#include <cstdint>
#include <random>

#include "core/ptrace/interface.h"
#include "model/action.h"
#include "model/possible.h"

namespace retrap::model {

class Generator {
 public:
  Generator(Interface interface, std::uint64_t seed);
  Action next(Possible& possible);

 private:
  [[nodiscard]] std::uint64_t below(std::uint64_t bound);
  [[nodiscard]] Verb choose_verb(const Thread& thread);
  [[nodiscard]] int choose_signal(Verb verb, const Thread& thread);

  Interface interface_;
  std::mt19937_64 random_;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_GENERATOR_H_
