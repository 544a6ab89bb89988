// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/registry.h"

#include <algorithm>
#include <array>

#include "scenarios/floor_clock.h"
#include "scenarios/floor_futex.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/floor_syscall.h"
#include "scenarios/retrap_interrupt.h"
#include "scenarios/retrap_sigcont.h"
#include "scenarios/trap_interrupt.h"
#include "scenarios/trap_sigstop.h"

namespace retrap {
namespace {

constexpr std::span<const Placement> kAnywhere(kPlacements);
constexpr std::span<const Placement> kOneCpu = kAnywhere.first(1);
static_assert(kOneCpu.front() == Placement::kSameCpu);

constexpr std::array kWithWaitingState = {Interface::kListen,
                                          Interface::kPleaseNotify};

constexpr std::array<ScenarioInfo, 8> kScenarios = {{
    {"floor/clock", "two clock reads, nothing between them", kOneCpu,
     kInterfaces, open_cell<FloorClock>},
    {"floor/syscall", "getppid(2)", kOneCpu, kInterfaces,
     open_cell<FloorSyscall>},
    {"floor/pipe", "round trip to a sleeping process over pipes", kAnywhere,
     kInterfaces, open_cell<FloorPipe>},
    {"floor/futex", "round trip to a sleeping process by futex(2)", kAnywhere,
     kInterfaces, open_cell<FloorFutex>},
    {"trap/trigger:interrupt", "PTRACE_INTERRUPT of a sleeping tracee",
     kAnywhere, kInterfaces, open_cell<TrapInterrupt>},
    {"trap/trigger:sigstop", "SIGSTOP to a sleeping tracee until group-stop",
     kAnywhere, kInterfaces, open_cell<TrapSigstop>},
    {"retrap/trigger:sigcont", "SIGCONT to a tracee in group-stop", kAnywhere,
     kInterfaces, open_cell<RetrapSigcont>},
    {"retrap/trigger:interrupt", "PTRACE_INTERRUPT of a tracee in group-stop",
     kAnywhere, kWithWaitingState, open_cell<RetrapInterrupt>},
}};

}  // namespace

bool ScenarioInfo::has(Placement placement) const {
  return std::ranges::find(placements, placement) != placements.end();
}

bool ScenarioInfo::has(Interface interface) const {
  return std::ranges::find(interfaces, interface) != interfaces.end();
}

std::span<const ScenarioInfo> scenarios() { return kScenarios; }

const ScenarioInfo* find_scenario(std::string_view name) {
  const auto found = std::ranges::find(kScenarios, name, &ScenarioInfo::name);
  return found == kScenarios.end() ? nullptr : &*found;
}

}  // namespace retrap
