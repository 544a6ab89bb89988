// SPDX-License-Identifier: GPL-2.0-only
// A kernel made of a model: any outcome that the design allows, at random.
#ifndef RETRAP_TESTS_UNIT_MODEL_SIMULATED_H_
#define RETRAP_TESTS_UNIT_MODEL_SIMULATED_H_

#include <cstdint>
#include <iterator>
#include <random>
#include <string>

#include "model/possible.h"
#include "model/sequence.h"

namespace retrap::model {

class Simulated : public System {
 public:
  Simulated(const Design& design, const State& start, std::uint64_t seed)
      : possible_(design, start), random_(seed) {}

  Outcome perform(const Action& action) override {
    const auto outcomes = possible_.allowed(action);
    const auto choice = static_cast<long>(random_() % outcomes.size());
    const Outcome outcome = *std::next(outcomes.begin(), choice);
    (void)possible_.apply(action, outcome);
    return outcome;
  }
  std::uint64_t ticks(int) override { return 0; }
  int orders_left() override { return kMaxOrders; }
  std::string finish() override { return {}; }

 private:
  Possible possible_;
  std::mt19937_64 random_;
};

}  // namespace retrap::model

#endif  // RETRAP_TESTS_UNIT_MODEL_SIMULATED_H_
