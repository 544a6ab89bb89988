// SPDX-License-Identifier: GPL-2.0-only
// The scenarios that exist.
#ifndef RETRAP_SCENARIOS_REGISTRY_H_
#define RETRAP_SCENARIOS_REGISTRY_H_

#include <memory>
#include <span>
#include <string_view>

#include "scenarios/cell.h"

namespace retrap {

// What there is of a scenario's class (cell.h) before a cell is open.
struct ScenarioClass {
  std::unique_ptr<Cell> (*open)(const CellConfig&);
  const char* (*missing)() noexcept;
};

struct ScenarioInfo {
  std::string_view name;
  std::string_view summary;
  std::span<const Placement> placements;
  std::span<const Interface> interfaces;
  ScenarioClass of;

  // What the method costs without ptrace: the same for every interface.
  [[nodiscard]] bool is_floor() const { return name.starts_with("floor/"); }
  // A second end: a tracee, or the partner of a floor.
  [[nodiscard]] bool has_partner() const { return placements.size() > 1; }
  [[nodiscard]] bool has(Placement placement) const;
  [[nodiscard]] bool has(Interface interface) const;
};

std::span<const ScenarioInfo> scenarios();

// nullptr: no such scenario.
const ScenarioInfo* find_scenario(std::string_view name);

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_REGISTRY_H_
