// SPDX-License-Identifier: GPL-2.0-only
#include "sampling.h"

#include <chrono>
#include <cstdio>

#include "core/measure/marker.h"
#include "core/measure/quantile.h"
#include "core/sys/clock.h"
#include "core/sys/cpu_wait.h"
#include "core/sys/tick.h"

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

}  // namespace

void take_samples(benchmark::State& state, Run& run) {
  Phase phase(run.seed);
  const bool counted = run.counters != nullptr;
  if (counted && !start_counting(state, run)) return;
  mark<Marker::kRun>();
  shift_by(run.shift);
  for (auto _ : state) {
    Sample sample = run.cell.sample(counted ? 0 : phase.next());
    if (sample.outcome != Outcome::kOk) {
      fail(state, run, sample);
      break;
    }
    run.samples.push(sample, run.cell.readings());
    state.SetIterationTime(
        static_cast<double>(sample.t_return_ns - sample.t_trigger_ns) * 1e-9);
  }
  if (counted) stop_counting(run);
}

benchmark::UserCounters counters_of(const SampleBuffer& samples, bool counted) {
  const auto count = [](std::uint64_t number) {
    return benchmark::Counter(static_cast<double>(number));
  };
  benchmark::UserCounters counters = {
      {"samples", count(samples.samples().size())},
      {"failed", count(samples.failed())}};
  const auto sorted = sorted_times(samples.samples());
  if (counted || sorted.empty()) return counters;  // no number, and not 0
  counters["p50"] = count(quantile(sorted, 0.50));
  counters["p90"] = count(quantile(sorted, 0.90));
  counters["p99"] = count(quantile(sorted, 0.99));
  return counters;
}

}  // namespace retrap
