// SPDX-License-Identifier: GPL-2.0-only
// Where the two ends of a scenario run.
#ifndef RETRAP_CORE_MEASURE_PLACEMENT_H_
#define RETRAP_CORE_MEASURE_PLACEMENT_H_

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace retrap {

enum class Placement { kSameCpu, kCrossCpu };

inline constexpr std::array kPlacements = {Placement::kSameCpu,
                                           Placement::kCrossCpu};

std::string_view placement_name(Placement placement) noexcept;
std::optional<Placement> placement_from_name(std::string_view name) noexcept;

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

// Chooses among `allowed`: the tracer takes the first CPU and, at cross-cpu,
// the tracee the next one. Nothing when `allowed` has too few. Throws
// std::invalid_argument when what is wanted contradicts the placement or is
// not allowed.
std::optional<Ends> choose_ends(Placement placement, const WantedEnds& wanted,
                                std::span<const int> allowed);

// They share a core, by /sys/devices/system/cpu.
bool smt_siblings(int cpu, int other);

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_PLACEMENT_H_
