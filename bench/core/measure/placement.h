// SPDX-License-Identifier: GPL-2.0-only
// Where the two ends of a scenario run: how their CPUs are related.
#ifndef RETRAP_CORE_MEASURE_PLACEMENT_H_
#define RETRAP_CORE_MEASURE_PLACEMENT_H_

#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "core/measure/topology.h"

namespace retrap {

// From near to far; kCrossCpu is any but the first.
enum class Placement {
  kSameCpu,
  kSmtSibling,
  kCrossCore,
  kCrossLlc,
  kCrossNode,
  kCrossCpu
};

inline constexpr std::array kPlacements = {
    Placement::kSameCpu,  Placement::kSmtSibling, Placement::kCrossCore,
    Placement::kCrossLlc, Placement::kCrossNode,  Placement::kCrossCpu};

std::string_view placement_name(Placement placement) noexcept;
std::optional<Placement> placement_from_name(std::string_view name) noexcept;
// "two threads of one core"
std::string_view placement_meaning(Placement placement) noexcept;

// How many CPUs it takes.
constexpr int cpus_of(Placement placement) noexcept {
  return placement == Placement::kSameCpu ? 1 : 2;
}

struct Ends {
  int tracer_cpu = 0;
  int tracee_cpu = 0;
  [[nodiscard]] bool same_cpu() const noexcept {
    return tracer_cpu == tracee_cpu;
  }
};

// What the user named; nothing: choose.
struct WantedEnds {
  std::optional<int> tracer_cpu;
  std::optional<int> tracee_cpu;
};

// What two CPUs are to each other, never kCrossCpu. Nothing: the machine does
// not say.
std::optional<Placement> relation(const Ends& ends, const Topology& topology);

// Chooses among `allowed`: the tracer takes the first CPU that has a partner,
// and the tracee the first such partner. Nothing when there is none. Throws
// std::invalid_argument when what is wanted contradicts the placement or is
// not allowed.
std::optional<Ends> choose_ends(Placement placement, const WantedEnds& wanted,
                                std::span<const int> allowed,
                                const Topology& topology = {});

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_PLACEMENT_H_
