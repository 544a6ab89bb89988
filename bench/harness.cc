// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <vector>

#include "exit_code.h"
#include "reporter.h"

namespace retrap {
namespace {

// Without the parameters of the family: Google Benchmark appends them.
std::string registered_name(const CellName& cell) {
  return "placement:" + std::string(placement_name(cell.placement)) +
         "/interface:" + std::string(cell.interface_shown()) + "/" +
         std::string(cell.scenario.info().name);
}

// Google Benchmark keeps pointers into `words`.
void initialize(const BenchmarkFlags& flags,
                const std::optional<std::string>& json_path,
                std::vector<std::string>& words) {
  words = {"retrap-bench"};
  if (json_path) words.push_back("--benchmark_out=" + *json_path);
  if (json_path || flags.names_file)
    words.emplace_back("--benchmark_out_format=json");
  words.insert(words.end(), flags.words.begin(), flags.words.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  benchmark::Initialize(&argc, argv.data());
  if (benchmark::ReportUnrecognizedArguments(argc, argv.data()))
    throw Refusal(ExitCode::kUsage,
                  "Google Benchmark does not take that flag so; see its "
                  "user guide");
}

void add(const Benchmark& benchmark, std::size_t samples,
         FailedCounters& failed) {
  const CellName& cell = benchmark.cell;
  auto* added = benchmark::RegisterBenchmark(
      registered_name(cell).c_str(),
      [&benchmark, &failed](benchmark::State& state) {
        state.counters = benchmark.body(state);
        if (state.error_occurred())
          failed[benchmark_name(benchmark.cell)].push_back(state.counters);
      });
  // Fixed: otherwise the harness calls the body with growing counts first, and
  // every call would leave samples.
  added->UseManualTime()
      ->Unit(benchmark::kNanosecond)
      ->Iterations(static_cast<benchmark::IterationCount>(samples));
  if (cell.scenario.arguments.empty()) return;
  std::vector<std::string> names;
  for (const Parameter& parameter : cell.scenario.info().parameters)
    names.emplace_back(parameter.name);
  added->ArgNames(names)->Args(
      {cell.scenario.arguments.begin(), cell.scenario.arguments.end()});
}

}  // namespace

std::string benchmark_name(const CellName& cell) {
  const std::string_view family = cell.scenario.info().name;
  return registered_name(cell) + cell.scenario.name().substr(family.size());
}

void run_benchmarks(std::span<const Benchmark> benchmarks, std::size_t samples,
                    const BenchmarkFlags& flags,
                    const std::optional<std::string>& json_path) {
  std::vector<std::string> words;
  initialize(flags, json_path, words);
  FailedCounters failed;
  for (const Benchmark& benchmark : benchmarks) add(benchmark, samples, failed);
  TableReporter table(failed);
  JsonReporter json(failed);
  JsonReporter file(failed);
  benchmark::BenchmarkReporter* shown = &table;
  if (flags.is_json) shown = &json;
  const bool to_file = json_path.has_value() || flags.names_file;
  const std::size_t matched =
      benchmark::RunSpecifiedBenchmarks(shown, to_file ? &file : nullptr);
  benchmark::ClearRegisteredBenchmarks();
  benchmark::Shutdown();
  if (matched == 0)
    throw Refusal(ExitCode::kUsage,
                  "--benchmark_filter matches none of the " +
                      std::to_string(benchmarks.size()) +
                      " cells here, the first of which is " +
                      benchmark_name(benchmarks.front().cell) +
                      "; --benchmark_list_tests names all");
}

}  // namespace retrap
