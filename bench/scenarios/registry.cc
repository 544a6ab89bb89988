// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/registry.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "scenarios/continued.h"
#include "scenarios/control_interrupt.h"
#include "scenarios/cycle_notification.h"
#include "scenarios/elsewhere_fork.h"
#include "scenarios/elsewhere_jobctl.h"
#include "scenarios/elsewhere_signal.h"
#include "scenarios/elsewhere_syscall_stop.h"
#include "scenarios/elsewhere_wait.h"
#include "scenarios/floor_clock.h"
#include "scenarios/floor_futex.h"
#include "scenarios/floor_pipe.h"
#include "scenarios/floor_syscall.h"
#include "scenarios/immediate_sigcont.h"
#include "scenarios/inspect_registers.h"
#include "scenarios/parent_view.h"
#include "scenarios/race_interrupt.h"
#include "scenarios/request_getsiginfo.h"
#include "scenarios/retrap_interrupt.h"
#include "scenarios/retrap_sigcont.h"
#include "scenarios/storm_report.h"
#include "scenarios/storm_request.h"
#include "scenarios/threads_sigcont.h"
#include "scenarios/threads_sigstop.h"
#include "scenarios/tracer_attach.h"
#include "scenarios/tracer_call.h"
#include "scenarios/tracer_event.h"
#include "scenarios/tracer_interrupt_busy.h"
#include "scenarios/tracer_interrupt_call.h"
#include "scenarios/tracer_interrupt_vfork.h"
#include "scenarios/tracer_notified_call.h"
#include "scenarios/tracer_request.h"
#include "scenarios/tracer_resume.h"
#include "scenarios/tracer_stop.h"
#include "scenarios/tracer_wait.h"
#include "scenarios/tracer_wait_poll.h"
#include "scenarios/trap_interrupt.h"
#include "scenarios/trap_sigstop.h"
#include "scenarios/unasked_sigcont.h"
#include "scenarios/uncaring_tracer.h"
#include "scenarios/window.h"

namespace retrap {
namespace {

// Not a plain global: registrations of other files may come first.
std::vector<Family>& registered() {
  static std::vector<Family> families;
  return families;
}

// The text behind `/name:` of each parameter, in order; nothing when `name` is
// not of this family.
std::optional<std::vector<std::string_view>> texts_of(const FamilyInfo& info,
                                                      std::string_view name) {
  if (!name.starts_with(info.name)) return std::nullopt;
  name.remove_prefix(info.name.size());
  std::vector<std::string_view> texts;
  for (const Parameter& parameter : info.parameters) {
    const std::string key = "/" + std::string(parameter.name) + ":";
    if (!name.starts_with(key)) return std::nullopt;
    name.remove_prefix(key.size());
    texts.push_back(name.substr(0, name.find('/')));
    name.remove_prefix(texts.back().size());
  }
  if (!name.empty()) return std::nullopt;
  return texts;
}

// 8, and not 08 or +8: a scenario has one name.
int number(const Parameter& parameter, std::string_view text) {
  int value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value);
  if (error == std::errc() && stop == end && std::to_string(value) == text &&
      value >= parameter.least && value <= parameter.most)
    return value;
  throw NoScenario(std::string(parameter.name) + " is " +
                   std::to_string(parameter.least) + " to " +
                   std::to_string(parameter.most) + ", and not '" +
                   std::string(text) + "'");
}

}  // namespace

void register_family(const Family& family) {
  const auto by_name = [](const Family& each) { return pattern_of(each.info); };
  std::vector<Family>& all = registered();
  const auto place =
      std::ranges::lower_bound(all, by_name(family), {}, by_name);
  all.insert(place, family);
}

std::span<const Family> families() { return registered(); }

std::string Scenario::name() const {
  std::string text(info().name);
  for (std::size_t i = 0; i < arguments.size(); ++i)
    text.append("/")
        .append(info().parameters[i].name)
        .append(":")
        .append(std::to_string(arguments[i]));
  return text;
}

std::string pattern_of(const FamilyInfo& info) {
  std::string text(info.name);
  for (const Parameter& parameter : info.parameters)
    text.append("/")
        .append(parameter.name)
        .append(":")
        .append(std::to_string(parameter.least))
        .append("..")
        .append(std::to_string(parameter.most));
  return text;
}

std::vector<Scenario> usual_scenarios(const Family& family) {
  std::vector<Scenario> all = {{&family, {}}};
  for (const Parameter& parameter : family.info.parameters) {
    std::vector<Scenario> longer;
    for (const Scenario& each : all)
      for (const int value : parameter.usual) {
        longer.push_back(each);
        longer.back().arguments.push_back(value);
      }
    all = std::move(longer);
  }
  return all;
}

Scenario find_scenario(std::string_view name) {
  for (const Family& family : families())
    if (const auto texts = texts_of(family.info, name)) {
      Scenario scenario{&family, {}};
      for (std::size_t i = 0; i < texts->size(); ++i)
        scenario.arguments.push_back(
            number(family.info.parameters[i], (*texts)[i]));
      return scenario;
    }
  std::string known;
  for (const Family& family : families())
    known.append(known.empty() ? "" : ", ").append(pattern_of(family.info));
  throw NoScenario("no scenario '" + std::string(name) + "'; there are " +
                   known);
}

}  // namespace retrap
