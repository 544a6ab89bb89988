// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <vector>

#include "core/measure/marker.h"
#include "core/sys/clock.h"
#include "core/sys/cpu_wait.h"
#include "core/sys/tick.h"
#include "exit_code.h"

namespace retrap {
namespace {

std::string in_s(std::chrono::duration<double> time) {
  char text[32];
  (void)std::snprintf(text, sizeof text, "%.3g s", time.count());
  return text;
}

// Of a run that the watchdog ended: what it was, and what took its time.
std::string deadline_reason(Run& run) {
  const auto deadline = run.watchdog->deadline();
  std::string why = "longer than --deadline " + in_s(deadline);
  const auto samples = run.samples.samples();
  const std::chrono::nanoseconds last(
      samples.empty() ? 0 : RawClock::now() - samples.back().t_return_ns);
  const auto lost = lost_to_others(run.cell.partner());
  const bool is_busy = lost > deadline / 10;
  run.stuck = !is_busy && (samples.empty() || last > deadline / 2);
  if (last > deadline / 2) why += ", " + in_s(last) + " of them in this sample";
  if (is_busy)
    why +=
        "; this machine is busy: other programs had its CPU for " + in_s(lost);
  return why;
}

void note_failure(Sample& sample, Run& run) {
  run.cut = run.watchdog != nullptr && run.watchdog->expired();
  if (run.cut) sample.outcome = Outcome::kDeadline;
  run.stop_reason =
      "sample " + std::to_string(run.samples.samples().size()) + ": " +
      (run.cut ? deadline_reason(run) : describe(run.cell.failure()));
}

void fail(benchmark::State& state, Run& run, Sample& sample) {
  note_failure(sample, run);
  run.samples.push(sample);
  state.SkipWithError(run.stop_reason.c_str());
}

// A cycle first, and the other end asleep where counting starts and ends: its
// way to its first sleep is no cycle's, nor is half of the last one.
bool start_counting(benchmark::State& state, Run& run) {
  Sample first = run.cell.sample(0);
  if (first.outcome == Outcome::kOk && !run.cell.settle())
    first = run.cell.sample(0);  // tells why
  if (first.outcome != Outcome::kOk) {
    fail(state, run, first);
    return false;
  }
  run.counters->enable();
  wait_for_tick();
  return true;
}

void stop_counting(Run& run) {
  if (run.samples.failed() == 0) (void)run.cell.settle();
  run.counters->disable();
}

void loop(benchmark::State& state, Run& run) {
  Phase phase(run.seed);
  const bool counted = run.counters != nullptr;
  run.ran = true;
  if (counted && !start_counting(state, run)) return;
  mark<Marker::kRun>();
  shift_by(run.shift);
  for (auto _ : state) {
    Sample sample = run.cell.sample(counted ? 0 : phase.next());
    if (sample.outcome != Outcome::kOk) {
      fail(state, run, sample);
      break;
    }
    run.samples.push(sample);
    state.SetIterationTime(
        static_cast<double>(sample.t_return_ns - sample.t_trigger_ns) * 1e-9);
  }
  if (counted) stop_counting(run);
}

bool has_flag(const std::vector<std::string>& flags, const std::string& name) {
  return std::ranges::any_of(
      flags, [&](const std::string& flag) { return flag.starts_with(name); });
}

// Google Benchmark prints a page about the machine before its table; what of
// that is true is in run.json and env-*.json.
class TableReporter : public benchmark::ConsoleReporter {
 public:
  TableReporter() : ConsoleReporter(OO_None) {}
  bool ReportContext(const Context& context) override {
    name_field_width_ = context.name_field_width;
    printed_header_ = false;
    return true;
  }
};

// Google Benchmark keeps pointers into `words`.
void initialize(const Options& options,
                const std::optional<std::string>& json_path,
                std::vector<std::string>& words) {
  words = {options.argv.front()};
  if (json_path) {
    words.push_back("--benchmark_out=" + *json_path);
    words.emplace_back("--benchmark_out_format=json");
  }
  words.insert(words.end(), options.benchmark_flags.begin(),
               options.benchmark_flags.end());
  std::vector<char*> argv;
  argv.reserve(words.size() + 1);
  for (std::string& word : words) argv.push_back(word.data());
  int argc = static_cast<int>(argv.size());
  argv.push_back(nullptr);
  benchmark::Initialize(&argc, argv.data());
  if (benchmark::ReportUnrecognizedArguments(argc, argv.data()))
    throw Refusal(ExitCode::kUsage,
                  "Google Benchmark does not know that flag; see its "
                  "user guide");
}

}  // namespace

std::string benchmark_name(const Plan& plan) {
  const std::string_view interface =
      plan.scenario->is_floor() ? "none" : interface_name(plan.cell.interface);
  return std::string(plan.scenario->name) +
         "/placement:" + std::string(placement_name(plan.placement)) +
         "/interface:" + std::string(interface);
}

void run_benchmark(const std::string& name, const Options& options,
                   const std::optional<std::string>& json_path, Run& run) {
  std::vector<std::string> words;
  initialize(options, json_path, words);
  // Fixed: otherwise the harness calls the loop with growing counts first,
  // and every call would leave samples.
  benchmark::RegisterBenchmark(
      name.c_str(), [&run](benchmark::State& state) { loop(state, run); })
      ->UseManualTime()
      ->Unit(benchmark::kNanosecond)
      ->Iterations(static_cast<benchmark::IterationCount>(options.samples))
      ->Repetitions(1);
  TableReporter table;
  const bool own_format =
      has_flag(options.benchmark_flags, "--benchmark_format=");
  const std::size_t matched =
      benchmark::RunSpecifiedBenchmarks(own_format ? nullptr : &table);
  benchmark::Shutdown();
  if (matched == 0)
    throw Refusal(ExitCode::kUsage,
                  "--benchmark_filter matches nothing; the "
                  "name is " +
                      name);
}

}  // namespace retrap
