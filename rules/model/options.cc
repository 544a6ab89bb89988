// SPDX-License-Identifier: GPL-2.0-only
#include "model/options.h"

#include <CLI/CLI.hpp>
#include <map>

#include "exit_code.h"

namespace retrap::model {
namespace {

constexpr char kDescription[] =
    R"(Random sequences of ptrace requests, waits and signals, each step compared
with a model of the design; a sequence that differs is shortened and printed.)";

constexpr char kFooter[] =
    R"(Exit status: 0 the kernel does what the model says, 1 it does not, 2 usage,
77 the kernel does not offer the interface. docs/model.md tells the rest.)";

Interface interface_of(const std::string& name) {
  const auto interface = interface_from_name(name);
  if (!interface) throw Refusal(ExitCode::kUsage, name + ": no interface");
  return *interface;
}

struct Words {
  std::string interface = "all";
  std::string model;
  std::string replay;
};

void declare(CLI::App& app, CommandLine& line, Words& words, int& threads) {
  static const std::map<std::string, Cpus> placements = {
      {"same", Cpus::kSame}, {"cross", Cpus::kCross}, {"both", Cpus::kBoth}};
  const CLI::IsMember interfaces(
      {"listen", "async-retrap", "please-notify", "listen-republish", "all"});
  Options& options = line.options;
  app.footer(kFooter);
  app.add_option(
         "--interface", words.interface,
         "listen, async-retrap, please-notify, listen-republish, or all "
         "that the kernel offers (default all)")
      ->check(interfaces);
  app.add_option("--steps", options.steps, "of each interface")
      ->capture_default_str();
  app.add_option("--length", options.length, "steps of a sequence, at most")
      ->capture_default_str();
  app.add_option("--seed", options.seed, "of the choice of actions")
      ->capture_default_str();
  app.add_option("--threads", threads,
                 "of the tracee (default 1, 2, 3 in turn)")
      ->check(CLI::Range(1, kMaxThreads));
  app.add_option("--cpus", options.cpus,
                 "tracer and tracee on the same CPU, on others, or in turn: "
                 "same, cross, both (default both)")
      ->transform(CLI::Transformer(placements));
  app.add_option("--replay", words.replay, "these actions instead, once");
  app.add_option("--model", words.model,
                 "compare with the model of another interface: that has to "
                 "fail, and shows how; but a kernel with a property, as "
                 "listen-republish, needs that one for listen")
      ->check(interfaces);
  app.add_option("--json", line.json_file, "report to FILE")->type_name("FILE");
}

}  // namespace

CommandLine parse(int argc, const char* const* argv) {
  CLI::App app(kDescription, "retrap-model");
  CommandLine line;
  Words words;
  int threads = 0;
  declare(app, line, words, threads);
  try {
    app.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    throw Refusal(ExitCode::kOk, app.help());
  } catch (const CLI::ParseError& error) {
    throw Refusal(ExitCode::kUsage, error.what());
  }
  Options& options = line.options;
  if (words.interface != "all")
    options.interfaces = {interface_of(words.interface)};
  if (!words.model.empty()) options.model = interface_of(words.model);
  if (threads != 0) options.threads = threads;
  if (!words.replay.empty()) {
    std::string bad;
    options.replay = actions_from_text(words.replay, bad);
    if (!options.replay)
      throw Refusal(ExitCode::kUsage, "--replay: " + bad + ": no action");
  }
  return line;
}

}  // namespace retrap::model
