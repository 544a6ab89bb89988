// SPDX-License-Identifier: GPL-2.0-only
// The families that are linked in, and the scenarios they amount to.
#ifndef RETRAP_SCENARIOS_REGISTRY_H_
#define RETRAP_SCENARIOS_REGISTRY_H_

#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "scenarios/family.h"

namespace retrap {

// A family with a number for each of its parameters.
struct Scenario {
  const Family* family = nullptr;
  std::vector<int> arguments;

  [[nodiscard]] const FamilyInfo& info() const { return family->info; }
  // elsewhere/jobctl/threads:8
  [[nodiscard]] std::string name() const;
};

// In the order of their names.
std::span<const Family> families();

// elsewhere/jobctl/threads:1..256
std::string pattern_of(const FamilyInfo& info);

// Those of a family that are measured when no number is named.
std::vector<Scenario> usual_scenarios(const Family& family);

// No such scenario: what() says what is wrong with the name, a number out of
// its range included.
class NoScenario : public std::runtime_error {
  using std::runtime_error::runtime_error;
};

// The scenario of that name. Throws NoScenario.
Scenario find_scenario(std::string_view name);

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_REGISTRY_H_
