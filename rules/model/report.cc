// SPDX-License-Identifier: GPL-2.0-only
#include "model/report.h"

#include <sys/utsname.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

namespace retrap::model {
namespace {

constexpr std::size_t kShown = 40;

std::string replay_command(const Options& options, const Result& result) {
  std::string command = "retrap-model --interface ";
  command += interface_name(result.interface);
  if (options.model)
    command += " --model " + std::string(interface_name(*options.model));
  command += " --threads " + std::to_string(result.threads);
  command += " --cpus " + std::string(cpus_name(result.cpus));
  return command + " --replay '" + to_text(result.failure->actions) + "'";
}

nlohmann::json failure_json(const Options& options, const Result& result) {
  const Failure& failure = *result.failure;
  return {{"actions", to_text(failure.actions)},
          {"expected", failure.expected},
          {"seen", failure.seen},
          {"length_before", result.length_before},
          {"replay", replay_command(options, result)}};
}

nlohmann::json result_json(const Options& options, const Result& result) {
  auto failures = nlohmann::json::array();
  if (result.failure) failures.push_back(failure_json(options, result));
  return {{"interface", interface_name(result.interface)},
          {"model", interface_name(options.model.value_or(result.interface))},
          {"steps", result.counts.steps},
          {"sequences", result.counts.sequences},
          {"seconds", std::round(result.seconds * 1000) / 1000},
          {"most_states", result.counts.most_states},
          {"actions", result.counts.actions},
          {"outcomes", result.counts.outcomes},
          {"failures", failures}};
}

}  // namespace

std::string_view cpus_name(Cpus cpus) {
  switch (cpus) {
    case Cpus::kSame:
      return "same";
    case Cpus::kCross:
      return "cross";
    case Cpus::kBoth:
      break;
  }
  return "both";
}

void print(std::ostream& out, const Options& options, const Result& result) {
  const auto rate = static_cast<double>(result.counts.steps) / result.seconds;
  out << interface_name(result.interface) << ": " << result.counts.steps
      << " steps in " << result.counts.sequences << " sequences, seed "
      << options.seed << ", " << std::lround(rate) << " steps/s, at most "
      << result.counts.most_states
      << " states possible: " << (result.failure ? "FAIL" : "pass") << '\n';
  if (!result.failure) return;
  const Failure& failure = *result.failure;
  out << "  shortened from " << result.length_before << " to "
      << failure.actions.size() << " actions:\n";
  const auto& actions = failure.actions;
  const std::size_t skipped = actions.size() - std::min(actions.size(), kShown);
  if (skipped > 0) out << "    (" << skipped << " actions; see --json)\n";
  for (std::size_t i = skipped; i < actions.size(); ++i)
    out << "    " << to_word(actions[i]) << '\n';
  out << "  the model expects: " << failure.expected << '\n'
      << "  the kernel shows:  " << failure.seen << '\n'
      << "  again: "
      << (skipped > 0 ? "the replay in --json"
                      : replay_command(options, result))
      << '\n';
}

std::string to_json(const Options& options,
                    const std::vector<Result>& results) {
  utsname kernel{};
  (void)::uname(&kernel);
  auto rows = nlohmann::json::array();
  for (const Result& result : results)
    rows.push_back(result_json(options, result));
  const nlohmann::json report = {{"schema", "retrap.model/1"},
                                 {"kernel", kernel.release},
                                 {"seed", options.seed},
                                 {"results", rows}};
  return report.dump(1) + '\n';
}

}  // namespace retrap::model
