// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/placement.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace retrap {
namespace {

struct Words {
  Placement placement;
  std::string_view name;
  std::string_view meaning;
};

constexpr std::array kWords = {
    Words{Placement::kSameCpu, "same-cpu", "one CPU for both ends"},
    Words{Placement::kSmtSibling, "smt-sibling", "two threads of one core"},
    Words{Placement::kCrossCore, "cross-core",
          "two cores that share their last-level cache"},
    Words{Placement::kCrossLlc, "cross-llc",
          "two last-level caches of one NUMA node"},
    Words{Placement::kCrossNode, "cross-node", "two NUMA nodes"},
    Words{Placement::kCrossCpu, "cross-cpu", "two CPUs, whichever they are"}};
static_assert(kWords.size() == kPlacements.size());

void require_allowed(std::optional<int> cpu, std::span<const int> allowed) {
  if (!cpu || std::ranges::find(allowed, *cpu) != allowed.end()) return;
  throw std::invalid_argument("CPU " + std::to_string(*cpu) +
                              " is not one this process may run on");
}

bool is_at(Placement placement, const Ends& ends, const Topology& topology) {
  if (placement == Placement::kCrossCpu) return !ends.same_cpu();
  if (placement == Placement::kSameCpu) return ends.same_cpu();
  return relation(ends, topology) == placement;
}

[[noreturn]] void contradiction(Placement placement, const Ends& ends,
                                const Topology& topology) {
  const auto found = relation(ends, topology);
  throw std::invalid_argument(
      "CPUs " + std::to_string(ends.tracer_cpu) + " and " +
      std::to_string(ends.tracee_cpu) + " are " +
      (found ? std::string(placement_name(*found)) : "unknown to each other") +
      ", not " + std::string(placement_name(placement)));
}

}  // namespace

std::string_view placement_name(Placement placement) noexcept {
  return std::ranges::find(kWords, placement, &Words::placement)->name;
}

std::string_view placement_meaning(Placement placement) noexcept {
  return std::ranges::find(kWords, placement, &Words::placement)->meaning;
}

std::optional<Placement> placement_from_name(std::string_view name) noexcept {
  const auto found = std::ranges::find(kWords, name, &Words::name);
  if (found == kWords.end()) return std::nullopt;
  return found->placement;
}

std::optional<Placement> relation(const Ends& ends, const Topology& topology) {
  if (ends.same_cpu()) return Placement::kSameCpu;
  const auto one = topology.of(ends.tracer_cpu);
  const auto other = topology.of(ends.tracee_cpu);
  if (!one.core || !other.core) return std::nullopt;
  if (one.core == other.core) return Placement::kSmtSibling;
  if (one.node != other.node) return Placement::kCrossNode;
  if (!one.cache || !other.cache) return std::nullopt;
  return one.cache == other.cache ? Placement::kCrossCore
                                  : Placement::kCrossLlc;
}

std::optional<Ends> choose_ends(Placement placement, const WantedEnds& wanted,
                                std::span<const int> allowed,
                                const Topology& topology) {
  require_allowed(wanted.tracer_cpu, allowed);
  require_allowed(wanted.tracee_cpu, allowed);
  for (const int tracer : allowed) {
    if (tracer != wanted.tracer_cpu.value_or(tracer)) continue;
    for (const int tracee : allowed) {
      if (tracee != wanted.tracee_cpu.value_or(tracee)) continue;
      const Ends ends{tracer, tracee};
      if (is_at(placement, ends, topology)) return ends;
      if (wanted.tracer_cpu && wanted.tracee_cpu)
        contradiction(placement, ends, topology);
    }
  }
  return std::nullopt;
}

}  // namespace retrap
