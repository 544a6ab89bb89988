// SPDX-License-Identifier: GPL-2.0-only
#include "plan.h"

#include <algorithm>
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

const ScenarioInfo& require_scenario(const std::string& name) {
  if (const ScenarioInfo* info = find_scenario(name)) return *info;
  const std::string wrong =
      name.empty() ? "no scenario is named" : "no scenario '" + name + "'";
  const auto name_of = [](const ScenarioInfo& info) { return info.name; };
  usage(wrong + "; there are " + join(scenarios(), name_of));
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

void check_cell(const Plan& plan) {
  const ScenarioInfo& info = *plan.scenario;
  if (!info.has(plan.placement))
    throw Refusal(ExitCode::kNotSupported,
                  "has one end and exists at same-cpu only; drop --placement");
  if (!info.has(plan.cell.interface))
    throw Refusal(ExitCode::kNotSupported,
                  "does not exist for " +
                      std::string(interface_name(plan.cell.interface)) +
                      ", which has no waiting state to interrupt; it exists "
                      "for " +
                      join(info.interfaces, interface_name));
}

void check_kernel(const ScenarioInfo& info) {
  if (const char* what = info.of.missing())
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

void check_offered(const Plan& plan, const Options& options) {
  const std::string offers = join(plan.offered, interface_name);
  if (options.expect_interfaces) {
    auto expected = parse_interfaces(*options.expect_interfaces);
    if (expected != plan.offered)
      throw Refusal(ExitCode::kMismatch,
                    "this kernel offers " + offers + ", expected " +
                        join(expected, interface_name) +
                        "; boot the kernel the experiment means");
  }
  if (!plan.scenario->is_floor() &&
      std::ranges::find(plan.offered, plan.cell.interface) ==
          plan.offered.end())
    throw Refusal(ExitCode::kMismatch,
                  "this kernel does not offer " +
                      std::string(interface_name(plan.cell.interface)) +
                      " but " + offers +
                      "; boot one with the patches of kernel-patch/");
}

Ends require_ends(Placement placement, const WantedEnds& wanted) {
  try {
    if (const auto ends = choose_ends(placement, wanted, allowed_cpus()))
      return *ends;
  } catch (const std::invalid_argument& error) {
    usage(std::string(error.what()) + "; see --tracer-cpu and --tracee-cpu");
  }
  throw Refusal(ExitCode::kNotSupported,
                "cross-cpu needs two CPUs and this process may run on one; "
                "widen its affinity or use --placement same-cpu");
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
  const auto detected = detect_substrate();
  const auto claimed = substrate_from_name(name);
  if (!claimed && !detected)
    usage(
        "this machine does not say whether it is virtual; say --substrate "
        "vm or --substrate bare-metal");
  if (!claimed) return *detected;
  if (*claimed == Substrate::kExact) prove_exact();
  if (*claimed == Substrate::kBareMetal && detected == Substrate::kVm)
    throw Refusal(ExitCode::kMismatch,
                  "a hypervisor is present, so this is not bare-metal; use "
                  "--substrate vm");
  return *claimed;
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

Plan make_plan(const Options& options) {
  Plan plan;
  plan.scenario = &require_scenario(options.scenario);
  plan.placement = require_placement(options.placement);
  plan.cell.interface = require_interface(options.interface);
  check_cell(plan);
  check_kernel(*plan.scenario);
  plan.cell.ends = require_ends(plan.placement, options.cpus);
  plan.offered = probe_running();
  check_offered(plan, options);
  // Exactness is a property of the CPU the tracer will run on.
  pin_to_cpu(plan.cell.ends.tracer_cpu);
  plan.substrate = require_substrate(options.substrate);
  return plan;
}

}  // namespace retrap
