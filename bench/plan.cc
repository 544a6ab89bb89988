// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

#include <algorithm>
#include <iterator>
#include <sstream>
#include <stdexcept>
#include <system_error>

#include "core/measure/exactness.h"
#include "core/sys/affinity.h"
#include "core/sys/clock.h"
#include "exit_code.h"

namespace retrap {
namespace {

template <typename Range, typename Name>
std::string join(const Range& range, Name name) {
  std::string text;
  for (const auto& item : range)
    text.append(text.empty() ? "" : ", ").append(name(item));
  return text.empty() ? "none" : text;
}

[[noreturn]] void usage(const std::string& message) {
  throw Refusal(ExitCode::kUsage, message);
}

Scenario require_scenario(const std::string& name) {
  try {
    return find_scenario(name);
  } catch (const NoScenario& error) {
    usage(error.what());
  }
}

// A family without its numbers stands for the usual ones.
std::vector<Scenario> scenarios_of(const Options& options) {
  std::vector<Scenario> found;
  for (const Family& family : families())
    if (options.scenario.empty() || options.scenario == family.info.name)
      std::ranges::move(usual_scenarios(family), std::back_inserter(found));
  if (found.empty()) found.push_back(require_scenario(options.scenario));
  return found;
}

Placement require_placement(const std::string& name) {
  if (const auto placement = placement_from_name(name)) return *placement;
  usage("no placement '" + name + "'; there are " +
        join(kPlacements, placement_name));
}

Interface require_interface(const std::string& name) {
  if (const auto interface = interface_from_name(name)) return *interface;
  usage("no interface '" + name + "'; there are " +
        join(kInterfaces, interface_name));
}

void check_cell(const CellName& cell) {
  const FamilyInfo& info = cell.scenario.info();
  if (!info.has_partner && cell.placement != Placement::kSameCpu)
    throw Refusal(ExitCode::kNotSupported,
                  "has one end and exists at same-cpu only; drop --placement");
  if (std::ranges::find(info.interfaces, cell.interface) ==
      info.interfaces.end())
    throw Refusal(ExitCode::kNotSupported,
                  "does not exist for " +
                      std::string(interface_name(cell.interface)) +
                      ", which has no waiting state to interrupt; it exists "
                      "for " +
                      join(info.interfaces, interface_name));
}

void check_cpus(const Scenario& scenario, const Here& here) {
  const int least = scenario.info().least_cpus;
  if (here.cpus.size() < static_cast<std::size_t>(least))
    throw Refusal(ExitCode::kNotSupported,
                  "needs " + std::to_string(least) +
                      " CPUs, and this process may run on " +
                      std::to_string(here.cpus.size()));
}

void check_kernel(const Scenario& scenario) {
  if (const char* what = scenario.family->missing())
    throw Refusal(ExitCode::kNotSupported,
                  std::string("this kernel does not have ") + what);
}

bool is_forbidden(const std::error_code& error) {
  return error == std::errc::operation_not_permitted ||
         error == std::errc::permission_denied ||
         error == std::errc::function_not_supported;
}

}  // namespace

std::vector<Interface> probe_running() {
  try {
    return probe_offered();
  } catch (const std::system_error& error) {
    if (!is_forbidden(error.code())) throw;
    throw Refusal(ExitCode::kNotSupported,
                  std::string(error.what()) +
                      "; allow this process to ptrace its children "
                      "(seccomp, kernel.yama.ptrace_scope)");
  }
}

namespace {

void check_expected(const std::vector<Interface>& offered,
                    const Options& options) {
  if (!options.expect_interfaces) return;
  const auto expected = parse_interfaces(*options.expect_interfaces);
  if (expected != offered)
    throw Refusal(ExitCode::kMismatch,
                  "this kernel offers " + join(offered, interface_name) +
                      ", expected " + join(expected, interface_name) +
                      "; boot the kernel the experiment means");
}

bool offers(const Here& here, Interface interface) {
  return std::ranges::find(here.offered, interface) != here.offered.end();
}

void check_offered(const CellName& cell, const Here& here) {
  if (cell.scenario.info().is_floor || offers(here, cell.interface)) return;
  throw Refusal(ExitCode::kMismatch,
                "this kernel does not offer " +
                    std::string(interface_name(cell.interface)) + " but " +
                    join(here.offered, interface_name) +
                    "; boot one with the patches of kernel-patch/");
}

std::string lacking(Placement placement, const Here& here) {
  const std::string name(placement_name(placement));
  if (here.cpus.size() < 2)
    return name +
           " needs two CPUs and this process may run on one; widen its "
           "affinity or use --placement same-cpu";
  std::string text = name + " needs " +
                     std::string(placement_meaning(placement)) +
                     ", and this process may run on no such CPUs";
  const bool is_told = std::ranges::all_of(here.cpus, [&](int cpu) {
    const auto place = here.topology.of(cpu);
    return place.core && place.cache;
  });
  if (!is_told) text += " as far as /sys/devices/system/cpu tells";
  return text + "; --benchmark_list_tests names what is here";
}

Ends require_ends(Placement placement, const WantedEnds& wanted,
                  const Here& here) {
  try {
    if (const auto ends =
            choose_ends(placement, wanted, here.cpus, here.topology))
      return *ends;
  } catch (const std::invalid_argument& error) {
    usage(std::string(error.what()) + "; see --tracer-cpu and --tracee-cpu");
  }
  throw Refusal(ExitCode::kNotSupported, lacking(placement, here));
}

void prove_exact() {
  const Exactness e = measure_exactness<RawClock>();
  if (e.exact()) return;
  const std::string n = std::to_string(Exactness::kNops);
  throw Refusal(ExitCode::kMismatch,
                "not exact: " + n + ", twice and three times " + n +
                    " nops took " + std::to_string(e.once) + ", " +
                    std::to_string(e.twice) + ", " + std::to_string(e.thrice) +
                    " ns; run it under qemu -icount shift=0, or name another "
                    "--substrate");
}

Substrate require_substrate(const std::string& name) {
  const auto claimed = substrate_from_name(name);
  if (claimed == Substrate::kExact) {
    prove_exact();
    return *claimed;
  }
  const auto detected = detect_substrate();
  if (!claimed && !detected)
    usage(
        "this machine does not say whether it is virtual; say --substrate "
        "vm or --substrate bare-metal");
  if (!claimed) return *detected;
  if (*claimed == Substrate::kBareMetal && detected == Substrate::kVm)
    throw Refusal(ExitCode::kMismatch,
                  "a hypervisor is present, so this is not bare-metal; use "
                  "--substrate vm");
  return *claimed;
}

// A floor has one cell for all interfaces.
bool exists_here(const CellName& cell, const Here& here, bool is_first) {
  const FamilyInfo& info = cell.scenario.info();
  if (info.is_floor && !is_first) return false;
  if (!info.has_partner && cell.placement != Placement::kSameCpu) return false;
  return std::ranges::find(info.interfaces, cell.interface) !=
             info.interfaces.end() &&
         here.cpus.size() >= static_cast<std::size_t>(info.least_cpus) &&
         choose_ends(cell.placement, {}, here.cpus, here.topology).has_value();
}

}  // namespace

std::vector<Interface> parse_interfaces(const std::string& list) {
  std::vector<Interface> interfaces;
  std::istringstream names(list);
  for (std::string name; std::getline(names, name, ',');)
    interfaces.push_back(require_interface(name));
  std::ranges::sort(interfaces);
  interfaces.erase(std::unique(interfaces.begin(), interfaces.end()),
                   interfaces.end());
  return interfaces;
}

Here look_around(const Options& options) {
  const auto cpus = allowed_cpus();
  Here here{cpus, Topology::read(cpus), probe_running()};
  check_expected(here.offered, options);
  return here;
}

CellName named_cell(const Options& options) {
  if (options.scenario.empty())
    usage(
        "no scenario is named; see --list, or select cells by "
        "--benchmark_filter");
  CellName cell{require_scenario(options.scenario),
                require_placement(options.placement.value_or("same-cpu")),
                require_interface(options.interface.value_or("listen"))};
  check_cell(cell);
  return cell;
}

std::vector<CellName> open_cells(const Options& options, const Here& here) {
  std::vector<Placement> placements(kPlacements.begin(), kPlacements.end());
  if (options.placement) placements = {require_placement(*options.placement)};
  std::vector<Interface> interfaces = here.offered;
  if (options.interface) interfaces = {require_interface(*options.interface)};
  std::vector<CellName> cells;
  for (const Scenario& scenario : scenarios_of(options))
    for (const Placement placement : placements)
      for (const Interface interface : interfaces) {
        const CellName cell{scenario, placement, interface};
        if (exists_here(cell, here, interface == interfaces.front()))
          cells.push_back(cell);
      }
  if (cells.empty())
    throw Refusal(ExitCode::kNotSupported,
                  "none of these cells exists here; see --list");
  return cells;
}

Plan make_plan(const Options& options, const CellName& cell, const Here& here) {
  Plan plan;
  plan.scenario = cell.scenario;
  plan.placement = cell.placement;
  check_kernel(cell.scenario);
  check_cpus(cell.scenario, here);
  plan.cell.interface = cell.interface;
  plan.cell.arguments = cell.scenario.arguments;
  plan.cell.ends = require_ends(cell.placement, options.cpus, here);
  plan.found = relation(plan.cell.ends, here.topology);
  check_offered(cell, here);
  plan.offered = here.offered;
  // Exactness is a property of the CPU the tracer will run on.
  pin_to_cpu(plan.cell.ends.tracer_cpu);
  plan.substrate = require_substrate(options.substrate);
  return plan;
}

}  // namespace retrap
