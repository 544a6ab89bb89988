// SPDX-License-Identifier: GPL-2.0-only
#include "options.h"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "core/measure/nops.h"
#include "exit_code.h"
#include "help.h"

namespace retrap {
namespace {

constexpr std::size_t kMostSamples = 100'000'000;

void add_cell_options(CLI::App& app, Options& o) {
  app.add_option("--scenario", o.scenario,
                 "The code path to measure; --list names them.")
      ->option_text("NAME");
  app.add_option("--placement", o.placement,
                 "How the CPUs of the two ends are related: same-cpu, "
                 "smt-sibling, cross-core, cross-llc, cross-node, or cross-cpu "
                 "for any two (default: same-cpu; every one that this machine "
                 "has with --benchmark_filter).")
      ->option_text("PLACEMENT");
  app.add_option(
         "--interface", o.interface,
         "How the tracer is told: listen, async-retrap, please-notify "
         "or listen-republish. Floors ignore it (default: listen; every "
         "one that the kernel offers with --benchmark_filter).")
      ->option_text("INTERFACE");
  app.add_option("--samples", o.samples, "Timed events (default: 2000).")
      ->option_text("N")
      ->check(CLI::Range(std::size_t{1}, kMostSamples));
  app.add_option("--tracer-cpu", o.cpus.tracer_cpu,
                 "Where the tracer runs (default: the first CPU allowed).")
      ->option_text("CPU");
  app.add_option("--tracee-cpu", o.cpus.tracee_cpu,
                 "Where the tracee runs (default: the first CPU allowed that "
                 "is at the placement).")
      ->option_text("CPU");
  app.add_option("--policy", o.policy,
                 "Scheduling policy of both ends: other, batch, or auto: "
                 "batch at same-cpu, where a woken tracee would else preempt "
                 "its tracer at times (default: auto).")
      ->option_text("POLICY")
      ->check(CLI::IsMember({"auto", "batch", "other"}));
  app.add_option("--seed", o.seed,
                 "Seed of the delays that spread the samples over the phase "
                 "of the scheduler's load tracking (default: 20110526).")
      ->option_text("N");
  app.add_option("--shift", o.shift,
                 "Extra instructions, once, before the first sample, 0 to 64. "
                 "A verdict that they change was chance (default: 0).")
      ->option_text("N")
      ->check(CLI::Range(0U, kMostShift));
  app.add_option(
         "--deadline", o.deadline_s,
         "Kill the tracee when the run takes longer (default: 60, and 1 "
         "more for every 20 samples).")
      ->option_text("SECONDS")
      ->check(CLI::Range(1U, 86400U));
}

void add_kernel_options(CLI::App& app, Options& o) {
  app.add_option("--expect-interfaces", o.expect_interfaces,
                 "What the running kernel must offer, comma-separated; "
                 "refuse to run when it offers more or less (default: not "
                 "checked).")
      ->option_text("LIST");
  app.add_option("--substrate", o.substrate,
                 "What the numbers are taken on: exact, vm, bare-metal, or "
                 "auto, which never says exact. exact is proved first "
                 "(default: auto).")
      ->option_text("NAME")
      ->check(CLI::IsMember({"auto", "exact", "vm", "bare-metal"}));
  app.add_option("--variant", o.variant,
                 "A name for the kernel, to be recorded (default: none).")
      ->option_text("LABEL");
  app.add_option("--config-sha256", o.config_sha256,
                 "Hash of the kernel's configuration, to be recorded "
                 "(default: none).")
      ->option_text("HEX");
}

void add_output_options(CLI::App& app, Options& o) {
  app.add_option("--out", o.out,
                 "Write STEM.npy, STEM.run.json and STEM.benchmark.json "
                 "(default: no file, only the table).")
      ->option_text("STEM");
  app.add_option("--perf-control", o.perf_control,
                 "The FIFOs of perf stat --control: count the run and do not "
                 "time it; no delays, no STEM.npy (default: a timed run).")
      ->option_text("CTL,ACK");
  app.add_flag(
      "--list", o.list,
      "Print each scenario with its placements and interfaces; any: all "
      "there are. threads:1..256: any number from 1 to 256.");
  app.add_flag("--json", o.json, "With --list: print JSON.");
  app.add_flag(
      "--probe", o.probe,
      "Print the interfaces that the running kernel offers, a line each.");
  app.add_flag("--version", o.version, "Print the build id.");
  app.add_flag("--help,-h", o.help, "Print this page.");
}

// Takes Google Benchmark's flags out of the words.
std::vector<std::string> split_off_benchmark_flags(
    std::vector<std::string>& words) {
  const auto theirs = std::stable_partition(
      words.begin(), words.end(),
      [](const std::string& arg) { return !arg.starts_with("--benchmark_"); });
  std::vector<std::string> flags(theirs, words.end());
  words.erase(theirs, words.end());
  return flags;
}

// What goes into files is one cell, once.
void check_one_cell(const Options& options) {
  const char* one = nullptr;
  if (options.perf_control) one = "--perf-control";
  if (options.out) one = "--out";
  if (one == nullptr ||
      !(options.benchmark.selects || options.benchmark.repeats))
    return;
  throw Refusal(ExitCode::kUsage,
                std::string(one) +
                    " is of one cell, once: name it by --scenario, "
                    "--placement and --interface, without "
                    "--benchmark_filter and --benchmark_repetitions");
}

}  // namespace

Options parse_options(int argc, char** argv, const Environment& environment) {
  Options options;
  options.argv.assign(argv, argv + argc);
  CLI::App app;
  app.set_help_flag();
  add_cell_options(app, options);
  add_kernel_options(app, options);
  add_output_options(app, options);
  std::vector<std::string> ours(options.argv.begin() + 1, options.argv.end());
  const auto theirs = split_off_benchmark_flags(ours);
  std::ranges::reverse(ours);  // CLI11 takes them from the back
  try {
    app.parse(ours);
  } catch (const CLI::ParseError& error) {
    throw Refusal(ExitCode::kUsage,
                  std::string(error.what()) + "; see retrap-bench --help");
  }
  options.benchmark = check_benchmark_flags(theirs, environment);
  check_one_cell(options);
  if (options.help) options.help_text = help_text(app);
  return options;
}

}  // namespace retrap
