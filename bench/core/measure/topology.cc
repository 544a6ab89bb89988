// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/topology.h"

#include <filesystem>
#include <system_error>

#include "core/sys/file.h"

namespace retrap {
namespace {

namespace fs = std::filesystem;

std::optional<std::string> line_of(const fs::path& file) {
  auto text = read_file(file);
  if (!text) return std::nullopt;
  text->erase(text->find_last_not_of(" \n") + 1);
  if (text->empty()) return std::nullopt;
  return text;
}

// Of the caches of a CPU that hold data, the one farthest from it.
std::optional<std::string> last_cache(const fs::path& cpu) {
  std::optional<std::string> shared;
  std::string farthest;
  std::error_code ignored;  // no caches are told of
  for (const auto& entry : fs::directory_iterator(cpu / "cache", ignored)) {
    const auto level = line_of(entry.path() / "level");
    const auto type = line_of(entry.path() / "type");
    if (!level || !type || *type == "Instruction" || *level < farthest)
      continue;
    farthest = *level;
    shared = line_of(entry.path() / "shared_cpu_list");
  }
  return shared;
}

// A kernel without NUMA has no nodes, and all its CPUs are in the same.
std::string node_of(const fs::path& cpu) {
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(cpu, ignored)) {
    std::string name = entry.path().filename();
    if (name.starts_with("node") && name.size() > 4) return name;
  }
  return "";
}

}  // namespace

Topology Topology::read(std::span<const int> cpus, const std::string& root) {
  std::map<int, Place> places;
  for (const int cpu : cpus) {
    const fs::path path =
        fs::path(root) / "cpu" / ("cpu" + std::to_string(cpu));
    places[cpu] = {line_of(path / "topology/thread_siblings_list"),
                   last_cache(path), node_of(path)};
  }
  return Topology(std::move(places));
}

Topology::Place Topology::of(int cpu) const {
  const auto found = places_.find(cpu);
  return found == places_.end() ? Place{} : found->second;
}

}  // namespace retrap
