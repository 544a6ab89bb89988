// SPDX-License-Identifier: GPL-2.0-only
// retrap-bench: measures scenarios at placements.
#include <csignal>
#include <cstdio>
#include <exception>
#include <iostream>

#include "core/env/kernel.h"
#include "exit_code.h"
#include "listing.h"
#include "measure.h"
#include "options.h"
#include "plan.h"

namespace retrap {
namespace {

ExitCode run(const Options& options) {
  if (options.help) {
    std::cout << options.help_text;
  } else if (options.version) {
    std::cout << "retrap-bench, build id "
              << read_own_build_id().value_or("unknown") << '\n';
  } else if (options.probe) {
    for (const Interface interface : probe_running())
      std::cout << interface_name(interface) << '\n';
  } else if (options.list) {
    std::cout << (options.json ? scenarios_as_json() : scenarios_as_text());
  } else {
    return measure(options);
  }
  std::cout.flush();
  return std::cout ? ExitCode::kOk : ExitCode::kFailure;
}

void complain(const std::string& scenario, const char* what) {
  std::cerr << "retrap-bench: " << scenario << (scenario.empty() ? "" : ": ")
            << what << '\n';
}

int run_and_report(int argc, char** argv) {
  std::string scenario;
  try {
    const Options options = parse_options(argc, argv);
    scenario = options.scenario;
    return static_cast<int>(run(options));
  } catch (const Refusal& refusal) {
    complain(scenario, refusal.what());
    return static_cast<int>(refusal.code());
  } catch (const std::exception& error) {
    complain(scenario, error.what());
    return static_cast<int>(ExitCode::kFailure);
  }
}

}  // namespace
}  // namespace retrap

int main(int argc, char** argv) {
  // A dead partner of floor/pipe is an error of write(2), not our death.
  (void)std::signal(SIGPIPE, SIG_IGN);
  return retrap::run_and_report(argc, argv);
}
