// SPDX-License-Identifier: GPL-2.0-only
// Every cell that this kernel has, 200 samples.
#include <gtest/gtest.h>

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

// docs/rules.md: what each trigger must be answered with.
const std::map<std::string_view, int> kStatuses = {
    {"floor/clock", 0},
    {"floor/syscall", 0},
    {"floor/pipe", 0},
    {"floor/futex", 0},
    {"trap/trigger:interrupt", 0x80057f},
    {"trap/trigger:sigstop", 0x80137f},
    {"retrap/trigger:sigcont", 0x80057f},
    {"retrap/trigger:interrupt", 0x80137f},
    {"elsewhere/signal:sigusr1", SIGUSR1},
    {"elsewhere/fork-exit-wait", 0x700},
    {"elsewhere/fork-exec-exit-wait", 0x700},
    {"elsewhere/vfork-exit-wait", 0x700},
    {"elsewhere/vfork-exec-exit-wait", 0x700},
    {"elsewhere/wait/nohang:1", 0},
    {"elsewhere/wait/nohang:10", 0},
    {"elsewhere/wait/nohang:100", 0},
    {"elsewhere/wait/nohang:1000", 0},
    {"elsewhere/wait/blocking:1", 0x137f},
    {"elsewhere/wait/blocking:10", 0x137f},
    {"elsewhere/wait/blocking:100", 0x137f},
    {"elsewhere/wait/blocking:1000", 0x137f},
    {"elsewhere/wait/tracees-nohang:1", 0},
    {"elsewhere/wait/tracees-nohang:10", 0},
    {"elsewhere/wait/tracees-nohang:100", 0},
    {"elsewhere/wait/tracees-nohang:1000", 0},
    {"elsewhere/wait/tracees-blocking:1", 0x80057f},
    {"elsewhere/wait/tracees-blocking:10", 0x80057f},
    {"elsewhere/wait/tracees-blocking:100", 0x80057f},
    {"elsewhere/wait/tracees-blocking:1000", 0x80057f},
    {"elsewhere/jobctl/threads:1", 0xffff},
    {"elsewhere/jobctl/threads:8", 0xffff},
    {"elsewhere/jobctl/threads:64", 0xffff},
    {"elsewhere/syscall-stop/attach", 0x857f},
    {"elsewhere/syscall-stop/seize", 0x857f}};

struct Param {
  const ScenarioInfo* info;
  Placement placement;
  Interface interface;
};

std::vector<Param> all_cells() {
  std::vector<Param> all;
  for (const ScenarioInfo& info : scenarios())
    for (const Placement placement : info.placements)
      for (const Interface interface : info.interfaces)
        if (!info.is_floor() || interface == Interface::kListen)
          all.push_back({&info, placement, interface});
  return all;
}

std::string name_of(const testing::TestParamInfo<Param>& param) {
  std::string name = std::string(param.param.info->name) + "_" +
                     std::string(placement_name(param.param.placement)) + "_" +
                     std::string(interface_name(param.param.interface));
  std::ranges::replace_if(
      name, [](char c) { return c == '/' || c == ':' || c == '-'; }, '_');
  return name;
}

class Scenario : public testing::TestWithParam<Param> {};

TEST_P(Scenario, EndsEverySampleWithItsStatus) {
  const auto& [info, placement, interface] = GetParam();
  if (!offered(interface)) GTEST_SKIP() << "this kernel does not offer it";
  const auto ends = choose_ends(placement, {}, allowed_cpus());
  if (!ends) GTEST_SKIP() << "needs two CPUs";
  pin_to_cpu(ends->tracer_cpu);
  const auto cell = info->of.open({*ends, interface});
  Phase phase(1);
  for (int i = 0; i < kSamples; ++i) {
    const Sample sample = cell->sample(phase.next());
    ASSERT_EQ(sample.outcome, Outcome::kOk)
        << "sample " << i << ": " << describe(cell->failure());
    EXPECT_EQ(sample.wait_status, kStatuses.at(info->name));
    EXPECT_EQ(sample.cpu, ends->tracer_cpu);
    EXPECT_GE(sample.t_return_ns, sample.t_trigger_ns);
    EXPECT_NE(sample.t_return_ns, kNeverReturned);
  }
}

INSTANTIATE_TEST_SUITE_P(All, Scenario, testing::ValuesIn(all_cells()),
                         name_of);

}  // namespace
}  // namespace retrap
