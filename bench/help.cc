// SPDX-License-Identifier: GPL-2.0-only
#include "help.h"

#include <CLI/CLI.hpp>
#include <sstream>

namespace retrap {
namespace {

constexpr const char* kBeforeOptions = R"(NAME
    retrap-bench - time how a ptracer learns of traps and group-stop changes

SYNOPSIS
    retrap-bench --scenario NAME [OPTION]...
    retrap-bench --benchmark_filter=REGEX [OPTION]...
    retrap-bench --list [--json]

DESCRIPTION
    Measures a cell: one scenario, at one placement, through one interface.
    Before each sample it brings the tracee to the start state and checks
    that it is there; the timed region is the trigger and the wait and
    nothing else. The first sample that fails ends the cell.

    Every cell is a benchmark of Google Benchmark. --benchmark_filter
    measures all whose name matches, one after the other;
    --benchmark_list_tests prints the names. What --scenario, --placement
    and --interface name is then left of them. A scenario with a range of
    numbers is there with the usual ones; --scenario takes any other.

    The table goes to standard output, messages go to standard error. Its
    columns are counters of the benchmark: quantiles of the samples that
    did not fail, and how many there were. Google Benchmark's flags are
    obeyed: filter, list_tests, repetitions, enable_random_interleaving,
    report_aggregates_only, display_aggregates_only, format (console or
    json), out, context. Those that cannot be are refused. BENCHMARK_FILTER
    in the environment is --benchmark_filter, and so on.

OPTIONS
)";

constexpr const char* kAfterOptions = R"(
EXIT STATUS
    0   done
    1   failure
    2   wrong usage
    3   the kernel or the machine is not what was asked for
    4   files written, but a sample failed
    77  this kernel or machine does not have what the cell needs

FILES
    STEM.npy             samples, for numpy.load
    STEM.run.json        how they were taken
    STEM.benchmark.json  Google Benchmark's own output
    docs/data-format.md describes every field.

EXAMPLES
    retrap-bench --list
    retrap-bench --scenario retrap/trigger:sigcont --placement cross-cpu
    retrap-bench --scenario trap/trigger:interrupt --samples 10000 --out a
    retrap-bench --scenario elsewhere/jobctl/threads:20
    retrap-bench --benchmark_filter='same-cpu.*floor'
)";

constexpr std::size_t kWidth = 72;
constexpr std::size_t kIndent = 8;

std::string wrapped(const std::string& text) {
  std::istringstream words(text);
  std::string lines;
  std::string line;
  for (std::string word; words >> word;) {
    if (!line.empty() && kIndent + line.size() + 1 + word.size() > kWidth) {
      lines += std::string(kIndent, ' ') + line + "\n";
      line.clear();
    }
    if (!line.empty()) line += " ";
    line += word;
  }
  return lines + std::string(kIndent, ' ') + line + "\n";
}

}  // namespace

std::string help_text(const CLI::App& app) {
  std::string text = kBeforeOptions;
  for (const CLI::Option* option : app.get_options()) {
    text += "    " + option->get_name(false, true);
    if (option->get_items_expected_max() > 0)
      text += " " + option->get_option_text();
    text += "\n" + wrapped(option->get_description());
  }
  return text + kAfterOptions;
}

}  // namespace retrap
