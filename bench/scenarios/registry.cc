// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/registry.h"

#include <algorithm>
#include <array>

#include "scenarios/elsewhere_fork.h"
#include "scenarios/elsewhere_jobctl.h"
#include "scenarios/elsewhere_signal.h"
#include "scenarios/elsewhere_syscall_stop.h"
#include "scenarios/elsewhere_wait.h"
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

constexpr std::array kWithWaitingState = {
    Interface::kListen, Interface::kPleaseNotify, Interface::kListenRepublish};

// Nothing there is in a mode: what a kernel that offers modes costs the others.
constexpr std::span<const Interface> kInNoMode =
    std::span(kInterfaces).first(1);
static_assert(kInNoMode.front() == Interface::kListen);

template <typename Class>
constexpr ScenarioClass kOf{open_cell<Class>, missing_for<Class>};

constexpr std::array<ScenarioInfo, 34> kScenarios = {{
    {"floor/clock", "two clock reads, nothing between them", kOneCpu,
     kInterfaces, kOf<FloorClock>},
    {"floor/syscall", "getppid(2)", kOneCpu, kInterfaces, kOf<FloorSyscall>},
    {"floor/pipe", "round trip to a sleeping process over pipes", kAnywhere,
     kInterfaces, kOf<FloorPipe>},
    {"floor/futex", "round trip to a sleeping process by futex(2)", kAnywhere,
     kInterfaces, kOf<FloorFutex>},
    {"trap/trigger:interrupt", "PTRACE_INTERRUPT of a sleeping tracee",
     kAnywhere, kInterfaces, kOf<TrapInterrupt>},
    {"trap/trigger:sigstop", "SIGSTOP to a sleeping tracee until group-stop",
     kAnywhere, kInterfaces, kOf<TrapSigstop>},
    {"retrap/trigger:sigcont", "SIGCONT to a tracee in group-stop", kAnywhere,
     kInterfaces, kOf<RetrapSigcont>},
    {"retrap/trigger:interrupt", "PTRACE_INTERRUPT of a tracee in group-stop",
     kAnywhere, kWithWaitingState, kOf<RetrapInterrupt>},
    {"elsewhere/signal:sigusr1", "SIGUSR1 to oneself, with a handler", kOneCpu,
     kInNoMode, kOf<SignalSelf>},
    {"elsewhere/fork-exit-wait", "a child that exits at once", kOneCpu,
     kInNoMode, kOf<ForkExitWait>},
    {"elsewhere/fork-exec-exit-wait", "a child that runs a static program",
     kOneCpu, kInNoMode, kOf<ForkExecExitWait>},
    {"elsewhere/vfork-exit-wait", "the same by vfork(2)", kOneCpu, kInNoMode,
     kOf<VforkExitWait>},
    {"elsewhere/vfork-exec-exit-wait", "the same by vfork(2)", kOneCpu,
     kInNoMode, kOf<VforkExecExitWait>},
    {"elsewhere/wait/nohang:1", "wait4(-1, WNOHANG) with 1 sleeping children",
     kOneCpu, kInNoMode, kOf<WaitNohang<1>>},
    {"elsewhere/wait/nohang:10", "wait4(-1, WNOHANG) with 10 sleeping children",
     kOneCpu, kInNoMode, kOf<WaitNohang<10>>},
    {"elsewhere/wait/nohang:100",
     "wait4(-1, WNOHANG) with 100 sleeping children", kOneCpu, kInNoMode,
     kOf<WaitNohang<100>>},
    {"elsewhere/wait/nohang:1000",
     "wait4(-1, WNOHANG) with 1000 sleeping children", kOneCpu, kInNoMode,
     kOf<WaitNohang<1000>>},
    {"elsewhere/wait/blocking:1", "wait4(-1) until the youngest of 1 stops",
     kAnywhere, kInNoMode, kOf<WaitBlocking<1>>},
    {"elsewhere/wait/blocking:10", "wait4(-1) until the youngest of 10 stops",
     kAnywhere, kInNoMode, kOf<WaitBlocking<10>>},
    {"elsewhere/wait/blocking:100", "wait4(-1) until the youngest of 100 stops",
     kAnywhere, kInNoMode, kOf<WaitBlocking<100>>},
    {"elsewhere/wait/blocking:1000",
     "wait4(-1) until the youngest of 1000 stops", kAnywhere, kInNoMode,
     kOf<WaitBlocking<1000>>},
    {"elsewhere/wait/tracees-nohang:1",
     "wait4(-1, WNOHANG) with 1 sleeping tracees", kOneCpu, kInNoMode,
     kOf<WaitNohang<1, Kin::kTracees>>},
    {"elsewhere/wait/tracees-nohang:10",
     "wait4(-1, WNOHANG) with 10 sleeping tracees", kOneCpu, kInNoMode,
     kOf<WaitNohang<10, Kin::kTracees>>},
    {"elsewhere/wait/tracees-nohang:100",
     "wait4(-1, WNOHANG) with 100 sleeping tracees", kOneCpu, kInNoMode,
     kOf<WaitNohang<100, Kin::kTracees>>},
    {"elsewhere/wait/tracees-nohang:1000",
     "wait4(-1, WNOHANG) with 1000 sleeping tracees", kOneCpu, kInNoMode,
     kOf<WaitNohang<1000, Kin::kTracees>>},
    {"elsewhere/wait/tracees-blocking:1",
     "wait4(-1) until the youngest of 1 traps", kAnywhere, kInNoMode,
     kOf<WaitBlocking<1, Kin::kTracees>>},
    {"elsewhere/wait/tracees-blocking:10",
     "wait4(-1) until the youngest of 10 traps", kAnywhere, kInNoMode,
     kOf<WaitBlocking<10, Kin::kTracees>>},
    {"elsewhere/wait/tracees-blocking:100",
     "wait4(-1) until the youngest of 100 traps", kAnywhere, kInNoMode,
     kOf<WaitBlocking<100, Kin::kTracees>>},
    {"elsewhere/wait/tracees-blocking:1000",
     "wait4(-1) until the youngest of 1000 traps", kAnywhere, kInNoMode,
     kOf<WaitBlocking<1000, Kin::kTracees>>},
    {"elsewhere/jobctl/threads:1", "SIGSTOP and SIGCONT of an untraced job",
     kAnywhere, kInNoMode, kOf<Jobctl<1>>},
    {"elsewhere/jobctl/threads:8", "SIGSTOP and SIGCONT of an untraced job",
     kAnywhere, kInNoMode, kOf<Jobctl<8>>},
    {"elsewhere/jobctl/threads:64", "SIGSTOP and SIGCONT of an untraced job",
     kAnywhere, kInNoMode, kOf<Jobctl<64>>},
    {"elsewhere/syscall-stop/attach", "entry and exit stop of getppid(2)",
     kAnywhere, kInNoMode, kOf<SyscallStop<Attach::kAttach>>},
    {"elsewhere/syscall-stop/seize", "entry and exit stop of getppid(2)",
     kAnywhere, kInNoMode, kOf<SyscallStop<Attach::kSeize>>},
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
