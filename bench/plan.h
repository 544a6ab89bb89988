// SPDX-License-Identifier: GPL-2.0-only
// From what was asked to what will be measured, or a refusal.
#ifndef RETRAP_PLAN_H_
#define RETRAP_PLAN_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/env/substrate.h"
#include "core/measure/placement.h"
#include "core/ptrace/interface.h"
#include "options.h"
#include "scenarios/registry.h"

namespace retrap {

// What this process may use. Measuring narrows it, so it is found once, before.
struct Here {
  std::vector<int> cpus;  // that it may run on
  Topology topology;
  std::vector<Interface> offered;  // by the running kernel
};

// Throws Refusal: not supported where ptrace is forbidden, and mismatch when
// the kernel offers other interfaces than the options expect.
Here look_around(const Options& options);

// What is measured in one process of a campaign: a name, not yet a place.
struct CellName {
  Scenario scenario;
  Placement placement = Placement::kSameCpu;
  Interface interface = Interface::kListen;

  // Floors go through none.
  [[nodiscard]] std::string_view interface_shown() const {
    return scenario.info().is_floor ? "none" : interface_name(interface);
  }
};

// The one cell that the options name. Throws Refusal: usage or not supported.
CellName named_cell(const Options& options);

// Every cell that can be measured here, of what the options leave open. Throws
// Refusal (usage).
std::vector<CellName> open_cells(const Options& options, const Here& here);

struct Plan {
  Scenario scenario;
  Placement placement = Placement::kSameCpu;
  CellConfig cell;
  std::optional<Placement> found;  // what the two CPUs are to each other
  std::vector<Interface> offered;
  Substrate substrate = Substrate::kVm;
};

// Pins the process to the tracer's CPU. Throws Refusal: usage, mismatch or not
// supported.
Plan make_plan(const Options& options, const CellName& cell, const Here& here);

// What this kernel offers. Throws Refusal (not supported) where ptrace is
// forbidden.
std::vector<Interface> probe_running();

// What a text names: listen,please-notify. Throws Refusal (usage).
std::vector<Interface> parse_interfaces(const std::string& list);

}  // namespace retrap

#endif  // RETRAP_PLAN_H_
