// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/placement.h"

#include <algorithm>
#include <stdexcept>
#include <string>

#include "core/sys/file.h"

namespace retrap {
namespace {

void require_allowed(std::optional<int> cpu, std::span<const int> allowed) {
  if (!cpu || std::ranges::find(allowed, *cpu) != allowed.end()) return;
  throw std::invalid_argument("CPU " + std::to_string(*cpu) +
                              " is not one this process may run on");
}

std::optional<int> first_other(std::span<const int> allowed, int cpu) {
  const auto other = std::ranges::find_if(
      allowed, [cpu](int candidate) { return candidate != cpu; });
  if (other == allowed.end()) return std::nullopt;
  return *other;
}

std::optional<Ends> one_cpu(const WantedEnds& wanted,
                            std::span<const int> allowed) {
  if (wanted.tracer_cpu && wanted.tracee_cpu &&
      *wanted.tracer_cpu != *wanted.tracee_cpu)
    throw std::invalid_argument("same-cpu with two different CPUs");
  if (allowed.empty()) return std::nullopt;
  const int cpu =
      wanted.tracer_cpu.value_or(wanted.tracee_cpu.value_or(allowed.front()));
  return Ends{cpu, cpu};
}

std::optional<Ends> two_cpus(const WantedEnds& wanted,
                             std::span<const int> allowed) {
  if (wanted.tracer_cpu && wanted.tracer_cpu == wanted.tracee_cpu)
    throw std::invalid_argument("cross-cpu with one CPU for both ends");
  if (wanted.tracer_cpu && wanted.tracee_cpu)
    return Ends{*wanted.tracer_cpu, *wanted.tracee_cpu};
  if (wanted.tracee_cpu) {
    const auto tracer = first_other(allowed, *wanted.tracee_cpu);
    if (!tracer) return std::nullopt;
    return Ends{*tracer, *wanted.tracee_cpu};
  }
  if (allowed.empty()) return std::nullopt;
  const int tracer = wanted.tracer_cpu.value_or(allowed.front());
  const auto tracee = first_other(allowed, tracer);
  if (!tracee) return std::nullopt;
  return Ends{tracer, *tracee};
}

}  // namespace

std::string_view placement_name(Placement placement) noexcept {
  return placement == Placement::kSameCpu ? "same-cpu" : "cross-cpu";
}

std::optional<Placement> placement_from_name(std::string_view name) noexcept {
  for (const Placement placement : kPlacements)
    if (placement_name(placement) == name) return placement;
  return std::nullopt;
}

std::optional<Ends> choose_ends(Placement placement, const WantedEnds& wanted,
                                std::span<const int> allowed) {
  require_allowed(wanted.tracer_cpu, allowed);
  require_allowed(wanted.tracee_cpu, allowed);
  return placement == Placement::kSameCpu ? one_cpu(wanted, allowed)
                                          : two_cpus(wanted, allowed);
}

bool smt_siblings(int cpu, int other) {
  const auto topology = [](int which) {
    return read_file("/sys/devices/system/cpu/cpu" + std::to_string(which) +
                     "/topology/thread_siblings_list");
  };
  const auto list = topology(cpu);
  return list && list == topology(other);
}

}  // namespace retrap
