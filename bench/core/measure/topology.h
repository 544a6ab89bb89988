// SPDX-License-Identifier: GPL-2.0-only
// Which CPUs share a core, a last-level cache, a NUMA node: the kernel's
// Documentation/ABI/stable/sysfs-devices-system-cpu.
#ifndef RETRAP_CORE_MEASURE_TOPOLOGY_H_
#define RETRAP_CORE_MEASURE_TOPOLOGY_H_

#include <map>
#include <optional>
#include <span>
#include <string>

namespace retrap {

class Topology {
 public:
  // What a CPU is part of: the list of CPUs that are as well. Nothing: the
  // machine does not say.
  struct Place {
    std::optional<std::string> core;
    std::optional<std::string> cache;
    std::optional<std::string> node;
  };

  Topology() = default;  // says nothing
  explicit Topology(std::map<int, Place> places) : places_(std::move(places)) {}

  // By the files below `root`, /sys/devices/system but in tests.
  static Topology read(std::span<const int> cpus,
                       const std::string& root = "/sys/devices/system");

  [[nodiscard]] Place of(int cpu) const;

 private:
  std::map<int, Place> places_;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_TOPOLOGY_H_
