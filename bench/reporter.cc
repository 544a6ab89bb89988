// SPDX-License-Identifier: GPL-2.0-only
#include "reporter.h"

#include <array>
#include <cstdio>
#include <iomanip>
#include <ostream>
#include <sstream>
#include <string_view>

namespace retrap {
namespace {

using Run = benchmark::BenchmarkReporter::Run;

constexpr int kNameWidth = 32;
constexpr int kWidth = 9;

// Google Benchmark 1.8 gave the two fields other names.
template <typename AnyRun>
bool has_failed(const AnyRun& run) {
  if constexpr (requires { run.error_occurred; })
    return run.error_occurred;
  else
    return static_cast<unsigned>(run.skipped) != 0;
}

template <typename AnyRun>
const std::string& reason_of(const AnyRun& run) {
  if constexpr (requires { run.error_message; })
    return run.error_message;
  else
    return run.skip_message;
}

// As it was registered, with the arguments and without what follows them.
std::string name_of(const Run& run) {
  const std::string& args = run.run_name.args;
  return run.run_name.function_name + (args.empty() ? "" : "/" + args);
}

std::vector<Run> with_counters(const std::vector<Run>& runs,
                               const FailedCounters& failed) {
  std::vector<Run> whole = runs;
  std::size_t nth = 0;
  for (Run& run : whole) {
    const auto found = failed.find(name_of(run));
    if (has_failed(run) && found != failed.end() && nth < found->second.size())
      run.counters = found->second[nth++];
  }
  return whole;
}

// placement:same-cpu/interface:listen/retrap/trigger:sigcont
struct Parts {
  std::string placement;
  std::string interface;
  std::string scenario;
};

Parts parts_of(const std::string& name) {
  const auto value = [](const std::string& part) {
    return part.substr(part.find(':') + 1);
  };
  std::istringstream text(name);
  Parts parts;
  std::getline(text, parts.placement, '/');
  std::getline(text, parts.interface, '/');
  std::getline(text, parts.scenario);
  return {value(parts.placement), value(parts.interface), parts.scenario};
}

std::string counter(const Run& run, const char* name) {
  const auto found = run.counters.find(name);
  if (found == run.counters.end()) return "-";
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.0f", found->second.value);
  return text;
}

}  // namespace

bool TableReporter::ReportContext(const Context&) { return true; }

// Of several repetitions each has a line, and then the median of them.
void TableReporter::ReportRuns(const std::vector<Run>& runs) {
  for (const Run& run : with_counters(runs, failed_))
    if (run.run_type == Run::RT_Iteration || run.aggregate_name == "median")
      print(run);
  GetOutputStream().flush();
}

void TableReporter::print(const Run& run) {
  constexpr std::array kColumns = {"p50", "p90", "p99", "failed", "samples"};
  std::ostream& out = GetOutputStream();
  if (!has_head_) {
    out << std::left << std::setw(kNameWidth)
        << (run.report_label.empty() ? "" : "in " + run.report_label)
        << std::right;
    for (const char* column : kColumns) out << std::setw(kWidth) << column;
    out << '\n';
    has_head_ = true;
  }
  const Parts parts = parts_of(name_of(run));
  if (scenario_ != parts.scenario) out << parts.scenario << '\n';
  scenario_ = parts.scenario;
  const bool is_median = run.run_type == Run::RT_Aggregate;
  const std::string name =
      is_median ? "median" : parts.placement + " " + parts.interface;
  out << "  " << std::left << std::setw(kNameWidth - 2) << name << std::right;
  for (const char* column : kColumns)
    out << std::setw(kWidth) << counter(run, column);
  out << '\n';
  if (has_failed(run)) out << "    " << reason_of(run) << '\n';
}

void JsonReporter::ReportRuns(const std::vector<Run>& runs) {
  JSONReporter::ReportRuns(with_counters(runs, failed_));
}

}  // namespace retrap
