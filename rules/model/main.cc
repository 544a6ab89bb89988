// SPDX-License-Identifier: GPL-2.0-only
// retrap-model: random sequences of actions, the kernel against a model.
#include <algorithm>
#include <exception>
#include <iostream>

#include "core/output/atomic_file.h"
#include "core/sys/affinity.h"
#include "exit_code.h"
#include "model/options.h"
#include "model/report.h"

namespace {

using retrap::ExitCode;
using retrap::Interface;
using retrap::Refusal;
using retrap::model::CommandLine;
using retrap::model::Result;

// Those asked for, or all that the kernel offers.
std::vector<Interface> choose(const std::vector<Interface>& wanted) {
  const std::vector<Interface> offered = retrap::probe_offered();
  for (const Interface interface : wanted) {
    if (std::find(offered.begin(), offered.end(), interface) == offered.end())
      throw Refusal(ExitCode::kNotSupported,
                    std::string(retrap::interface_name(interface)) +
                        ": not offered by this kernel");
  }
  return wanted.empty() ? offered : wanted;
}

void tell(const retrap::model::Failure& failure) {
  const auto& actions = failure.actions;
  const std::size_t shown = std::min<std::size_t>(actions.size(), 30);
  std::cerr << "retrap-model: action " << actions.size()
            << " of the sequence: expected " << failure.expected << "; seen "
            << failure.seen << "\n  the last: "
            << retrap::model::to_text(
                   {actions.end() - static_cast<long>(shown), actions.end()})
            << "\n  now it is shortened" << std::endl;
}

ExitCode run(CommandLine line) {
  const std::vector<int> cpus = retrap::allowed_cpus();
  const std::vector<Interface> interfaces = choose(line.options.interfaces);
  retrap::model::Sender sender(cpus.back());
  line.options.on_failure = tell;
  std::vector<Result> results;
  for (const Interface interface : interfaces) {
    results.push_back(
        retrap::model::run_campaign(line.options, interface, cpus, sender));
    retrap::model::print(std::cout, line.options, results.back());
    std::cout.flush();
  }
  if (!line.json_file.empty())
    retrap::write_atomically(line.json_file, to_json(line.options, results));
  const bool failed = std::any_of(
      results.begin(), results.end(),
      [](const Result& result) { return result.failure.has_value(); });
  return failed ? ExitCode::kFailure : ExitCode::kOk;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return static_cast<int>(run(retrap::model::parse(argc, argv)));
  } catch (const Refusal& refusal) {
    const bool is_help = refusal.code() == ExitCode::kOk;
    (is_help ? std::cout : std::cerr)
        << (is_help ? "" : "retrap-model: ") << refusal.what() << '\n';
    return static_cast<int>(refusal.code());
  } catch (const std::exception& error) {
    std::cerr << "retrap-model: " << error.what() << '\n';
    return static_cast<int>(ExitCode::kFailure);
  }
}
