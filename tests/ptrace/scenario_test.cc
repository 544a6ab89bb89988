// SPDX-License-Identifier: GPL-2.0-only
// Every cell that this kernel has: 200 samples, or what half a second has room
// for, and no less than two: the second is armed after a sample.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <map>
#include <string>
#include <vector>

#include "cells.h"
#include "core/measure/phase.h"
#include "scenarios/registry.h"

namespace retrap {
namespace {

constexpr int kSamples = 200;
constexpr int kLeastSamples = 2;
constexpr auto kTime = std::chrono::milliseconds(500);

// docs/rules.md: what each trigger must be answered with. By family.
const std::map<std::string, int> kStatuses = {
    {"floor/clock", 0},
    {"floor/syscall", 0},
    {"floor/pipe", 0},
    {"floor/futex", 0},
    {"trap/trigger:interrupt", 0x80057f},
    {"trap/trigger:sigstop", 0x80137f},
    {"control/trigger:interrupt/turns:0..100000", 0x80057f},
    {"retrap/trigger:sigcont", 0x80057f},
    {"retrap/trigger:interrupt", 0x80137f},
    {"cycle/notification", 0x80057f},
    {"inspect/registers", 0x80137f},
    {"unasked/kill", 0},
    {"unasked/examined/times:1..1000", 0},
    {"uncaring/jobctl", 0x127f},
    {"uncaring/sigcont", 0x127f},
    {"window/sigcont-wait/busy:0..64/nice:0..20", 0x80057f},
    {"window/sigcont-request/busy:0..64/nice:0..20", 0x80057f},
    {"window/interrupt-wait/busy:0..64/nice:0..20", 0x80137f},
    {"window/interrupt-request/busy:0..64/nice:0..20", 0x80137f},
    {"threads/trigger:sigstop/threads:1..1000", 0x80137f},
    {"threads/trigger:sigcont/armed:1..1000/others:0..1000", 0x80057f},
    {"storm/request/per-ms:0..1000/flips:1..100000", 0},
    {"storm/report/per-ms:0..1000/flips:1..100000", 0x80057f},
    {"immediate/trigger:sigcont", 0x80057f},
    {"continued/trigger:sigcont", 0x80057f},
    {"continued/trigger:interrupt", 0x80137f},
    {"race/sigcont-interrupt", 0x127f},
    {"parent/sigchld", 0xffff},
    {"parent/sigchld-unasked", 0xffff},
    {"parent/wcontinued", 0xffff},
    {"parent/wcontinued-unasked", 0xffff},
    {"request/getsiginfo", 0},
    {"tracer/stop/attach/one-by-one/asleep/threads:1..1000", 0x137f},
    {"tracer/stop/attach/one-by-one/asleep/processes:1..1000", 0x137f},
    {"tracer/stop/attach/one-by-one/busy/threads:1..64", 0x137f},
    {"tracer/stop/attach/one-by-one/busy/processes:1..64", 0x137f},
    {"tracer/stop/attach/at-once/asleep/threads:1..1000", 0x137f},
    {"tracer/stop/attach/at-once/asleep/processes:1..1000", 0x137f},
    {"tracer/stop/attach/at-once/busy/threads:1..64", 0x137f},
    {"tracer/stop/attach/at-once/busy/processes:1..64", 0x137f},
    {"tracer/stop/seize/one-by-one/asleep/threads:1..1000", 0x80057f},
    {"tracer/stop/seize/one-by-one/asleep/processes:1..1000", 0x80057f},
    {"tracer/stop/seize/one-by-one/busy/threads:1..64", 0x80057f},
    {"tracer/stop/seize/one-by-one/busy/processes:1..64", 0x80057f},
    {"tracer/stop/seize/at-once/asleep/threads:1..1000", 0x80057f},
    {"tracer/stop/seize/at-once/asleep/processes:1..1000", 0x80057f},
    {"tracer/stop/seize/at-once/busy/threads:1..64", 0x80057f},
    {"tracer/stop/seize/at-once/busy/processes:1..64", 0x80057f},
    {"tracer/interrupt/busy", 0x80057f},
    {"tracer/interrupt/long-call/kib:1..65536", 0x80057f},
    {"tracer/interrupt/vfork", 0x80057f},
    {"tracer/attach/attach", 0x137f},
    {"tracer/attach/seize", 0},
    {"tracer/attach/seize-stopped", 0x80137f},
    {"tracer/attach/detach", 0},
    {"tracer/attach/again-attach", 0x137f},
    {"tracer/attach/again-seize", 0x80057f},
    {"tracer/request/peekdata", 0},
    {"tracer/request/process-vm-readv", 0},
    {"tracer/request/proc-mem", 0},
    {"tracer/request/getregset", 0},
    {"tracer/request/getsiginfo", 0},
    {"tracer/resume/breakpoint", 0x57f},
    {"tracer/resume/singlestep", 0x57f},
    {"elsewhere/signal:sigusr1", SIGUSR1},
    {"elsewhere/fork-exit-wait", 0x700},
    {"elsewhere/fork-exec-exit-wait", 0x700},
    {"elsewhere/vfork-exit-wait", 0x700},
    {"elsewhere/vfork-exec-exit-wait", 0x700},
    {"elsewhere/wait/nohang:1..2000", 0},
    {"elsewhere/wait/blocking:1..2000", 0x137f},
    {"elsewhere/wait/tracees-nohang:1..2000", 0},
    {"elsewhere/wait/tracees-blocking:1..2000", 0x80057f},
    {"elsewhere/jobctl/threads:1..256", 0xffff},
    {"elsewhere/syscall-stop/attach", 0x857f},
    {"elsewhere/syscall-stop/seize", 0x857f},
    {"tracer/call/syscall", 0x857f},
    {"tracer/call/syscall-regset", 0x857f},
    {"tracer/call/syscall-info", 0x857f},
    {"tracer/call/sysemu", 0x857f},
    {"tracer/call/sysemu-regset", 0x857f},
    {"tracer/call/sysemu-info", 0x857f},
    {"tracer/call/seccomp", 0x7057f},
    {"tracer/call/seccomp-regset", 0x7057f},
    {"tracer/call/seccomp-info", 0x7057f},
    {"tracer/call/seccomp-exit", 0x857f},
    {"tracer/call/seccomp-exit-regset", 0x857f},
    {"tracer/call/seccomp-exit-info", 0x857f},
    {"tracer/call/notify-continue", 0},
    {"tracer/call/notify-value", 0},
    {"tracer/event/fork", 0x1057f},
    {"tracer/event/exec", 0x4057f},
    {"tracer/event/exit", 0x6057f},
    {"tracer/wait/pid/tracees:1..2000", 0x80057f},
    {"tracer/wait/pidfd/tracees:1..2000", 0x80057f},
    {"tracer/wait/any/tracees:1..2000", 0x80057f},
    {"tracer/wait/any-oldest/tracees:1..2000", 0x80057f},
    {"tracer/wait/any-grandchildren/tracees:1..2000", 0x80057f},
    {"tracer/wait/any-grandchildren-oldest/tracees:1..2000", 0x80057f},
    {"tracer/wait/nothread/tracees:1..2000", 0x80057f},
    {"tracer/wait/signalfd/tracees:1..2000", 0x80057f},
    {"tracer/wait/spin/tracees:1..2000", 0x80057f},
    {"tracer/wait/spin-yield/tracees:1..2000", 0x80057f},
    {"tracer/wait/sleep/us:1..10000", 0x80057f}};

struct Param {
  Scenario scenario;
  Placement placement;
  Interface interface;
};

// Where nothing is usual, the least of everything.
Scenario first_of(const Family& family) {
  const auto usual = usual_scenarios(family);
  if (!usual.empty()) return usual.front();
  Scenario least{&family, {}};
  for (const Parameter& parameter : family.info.parameters)
    least.arguments.push_back(parameter.least);
  return least;
}

// What no list names: of one parameter a number in between and the two ends of
// the range, the others as usual.
std::vector<Scenario> unusual_scenarios(const Family& family) {
  std::vector<Scenario> all;
  for (std::size_t i = 0; i < family.info.parameters.size(); ++i) {
    const Parameter& parameter = family.info.parameters[i];
    for (const int value : {parameter.least, 3, parameter.most})
      if (std::ranges::find(parameter.usual, value) == parameter.usual.end()) {
        Scenario other = first_of(family);
        other.arguments[i] = value;
        all.push_back(other);
      }
  }
  return all;
}

bool exists(const FamilyInfo& info, Placement placement, Interface interface) {
  return (info.has_partner || placement == Placement::kSameCpu) &&
         (!info.is_floor || interface == Interface::kListen);
}

// The unusual ones at one placement: a thousand tasks take their time.
std::vector<Param> all_cells() {
  std::vector<Param> all;
  const auto add = [&](const Scenario& scenario, Placement placement) {
    for (const Interface interface : scenario.info().interfaces)
      if (exists(scenario.info(), placement, interface))
        all.push_back({scenario, placement, interface});
  };
  for (const Family& family : families()) {
    for (const Scenario& scenario : usual_scenarios(family))
      for (const Placement placement : kPlacements) add(scenario, placement);
    for (const Scenario& scenario : unusual_scenarios(family))
      add(scenario, Placement::kSameCpu);
  }
  return all;
}

std::string name_of(const testing::TestParamInfo<Param>& param) {
  std::string name = param.param.scenario.name() + "_" +
                     std::string(placement_name(param.param.placement)) + "_" +
                     std::string(interface_name(param.param.interface));
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == ':' || c == '-'; }, '_');
  return name;
}

class EveryCell : public testing::TestWithParam<Param> {};

TEST_P(EveryCell, EndsEverySampleWithItsStatus) {
  const auto& [scenario, placement, interface] = GetParam();
  if (!offered(interface)) GTEST_SKIP() << "this kernel does not offer it";
  if (const char* lacks = scenario.family->missing())
    GTEST_SKIP() << "this kernel does not have " << lacks;
  const auto ends = choose_ends(placement, {}, allowed_cpus());
  if (!ends) GTEST_SKIP() << "this machine has no such CPUs";
  pin_to_cpu(ends->tracer_cpu);
  const WaitStatus expected{kStatuses.at(pattern_of(scenario.info()))};
  EXPECT_EQ(scenario.family->expected, expected);
  const auto cell =
      scenario.family->open({*ends, interface, scenario.arguments});
  Phase phase(1);
  const auto end = std::chrono::steady_clock::now() + kTime;
  for (int i = 0; i < kLeastSamples ||
                  (i < kSamples && std::chrono::steady_clock::now() < end);
       ++i) {
    const Sample sample = cell->sample(phase.next());
    ASSERT_EQ(sample.outcome, Outcome::kOk)
        << "sample " << i << ": " << describe(cell->failure());
    EXPECT_EQ(sample.wait_status, expected);
    EXPECT_EQ(sample.cpu, ends->tracer_cpu);
    EXPECT_GE(sample.t_return_ns, sample.t_trigger_ns);
    EXPECT_NE(sample.t_return_ns, kNeverReturned);
  }
}

INSTANTIATE_TEST_SUITE_P(All, EveryCell, testing::ValuesIn(all_cells()),
                         name_of);

}  // namespace
}  // namespace retrap
