// SPDX-License-Identifier: GPL-2.0-only
#include "listing.h"

#include <nlohmann/json.hpp>
#include <vector>

#include "scenarios/registry.h"

namespace retrap {
namespace {

using Json = nlohmann::ordered_json;

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

Json to_json(const Family& family) {
  const FamilyInfo& info = family.info;
  Json parameters = Json::array();
  for (const Parameter& each : info.parameters)
    parameters.push_back(
        {{"name", each.name},
         {"least", each.least},
         {"most", each.most},
         {"usual", std::vector(each.usual.begin(), each.usual.end())}});
  return {{"scenario", pattern_of(info)},
          {"family", info.name},
          {"parameters", parameters},
          {"help", info.help},
          {"expected", word_of(family.expected)},
          {"floor", info.is_floor},
          {"partner", info.has_partner},
          {"least_cpus", info.least_cpus},
          {"stages", std::vector(info.stages.begin(), info.stages.end())},
          {"tallies", std::vector(info.tallies.begin(), info.tallies.end())},
          {"placements", placements_of(info)},
          {"interfaces", interfaces_of(info)}};
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
  Json placements = Json::array();
  for (const Placement placement : kPlacements)
    placements.push_back({{"name", placement_name(placement)},
                          {"cpus", cpus_of(placement)},
                          {"meaning", placement_meaning(placement)}});
  Json interfaces = Json::array();
  for (const Interface interface : kInterfaces)
    interfaces.push_back(interface_name(interface));
  Json scenarios = Json::array();
  for (const Family& family : families()) scenarios.push_back(to_json(family));
  return Json{{"schema", "retrap.list/1"},
              {"placements", placements},
              {"interfaces", interfaces},
              {"outcomes", kOutcomeNames},
              {"scenarios", scenarios}}
             .dump(2) +
         "\n";
}

}  // namespace retrap
