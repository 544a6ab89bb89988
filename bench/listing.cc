// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "scenarios/registry.h"

namespace retrap {
namespace {

std::vector<std::string> placements_of(const FamilyInfo& info) {
  std::vector<std::string> names;
  for (const Placement placement : kPlacements)
    if (info.has_partner || placement == Placement::kSameCpu)
      names.emplace_back(placement_name(placement));
  return names;
}

std::vector<std::string> interfaces_of(const FamilyInfo& info) {
  std::vector<std::string> names;
  for (const Interface interface : info.interfaces)
    names.emplace_back(interface_name(interface));
  return names;
}

// So that a line fits a terminal.
std::string joined(const std::vector<std::string>& names, std::size_t all) {
  if (names.size() == all) return "any";
  std::string text;
  for (const std::string& name : names)
    text.append(text.empty() ? "" : ",").append(name);
  return text;
}

}  // namespace

std::string scenarios_as_text() {
  std::string text;
  for (const Family& family : families())
    text.append(pattern_of(family.info))
        .append(" ")
        .append(joined(placements_of(family.info), kPlacements.size()))
        .append(" ")
        .append(joined(interfaces_of(family.info), kInterfaces.size()))
        .append("\n");
  return text;
}

std::string scenarios_as_json() {
  nlohmann::ordered_json rows = nlohmann::ordered_json::array();
  for (const Family& family : families())
    for (const Scenario& scenario : usual_scenarios(family))
      rows.push_back({{"scenario", scenario.name()},
                      {"summary", family.info.help},
                      {"placements", placements_of(family.info)},
                      {"interfaces", interfaces_of(family.info)}});
  return rows.dump(2) + "\n";
}

}  // namespace retrap
