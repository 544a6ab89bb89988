// SPDX-License-Identifier: GPL-2.0-only
// From what was asked to what will be measured, or a refusal.
#ifndef RETRAP_PLAN_H_
#define RETRAP_PLAN_H_

#include <optional>
#include <string>
#include <vector>

#include "core/env/substrate.h"
#include "core/measure/placement.h"
#include "core/ptrace/interface.h"
#include "options.h"
#include "scenarios/registry.h"

namespace retrap {

struct Plan {
  const ScenarioInfo* scenario = nullptr;
  Placement placement = Placement::kSameCpu;
  CellConfig cell;
  std::vector<Interface> offered;  // by the running kernel
  Substrate substrate = Substrate::kVm;
};

// Throws Refusal: usage, mismatch or not supported.
Plan make_plan(const Options& options);

// What this kernel offers. Throws Refusal (not supported) where ptrace is
// forbidden.
std::vector<Interface> probe_running();

// What a text names: listen,please-notify. Throws Refusal (usage).
std::vector<Interface> parse_interfaces(const std::string& list);

}  // namespace retrap

#endif  // RETRAP_PLAN_H_
