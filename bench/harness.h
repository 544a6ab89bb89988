// SPDX-License-Identifier: GPL-2.0-only
// The loop over the samples, as one benchmark of Google Benchmark.
#ifndef RETRAP_HARNESS_H_
#define RETRAP_HARNESS_H_

#include <optional>
#include <string>

#include "core/measure/perf_control.h"
#include "core/measure/phase.h"
#include "core/measure/sample_buffer.h"
#include "core/ptrace/watchdog.h"
#include "options.h"
#include "plan.h"

namespace retrap {

// What the loop works on and what becomes of it.
struct Run {
  Cell& cell;
  SampleBuffer& samples;
  const Watchdog* watchdog;     // nullptr: there is no second end
  const PerfControl* counters;  // nullptr: a timed run
  std::uint64_t seed;
  unsigned shift;
  bool ran = false;
  bool cut = false;    // by the watchdog
  bool stuck = false;  // then: in one sample, and not for want of a CPU
  std::string stop_reason = "complete";
};

// Of --benchmark_filter, and in Google Benchmark's output.
std::string benchmark_name(const Plan& plan);

// Runs it once, with exactly `samples` iterations. Throws Refusal when Google
// Benchmark does not accept its flags or a filter matches nothing.
void run_benchmark(const std::string& name, const Options& options,
                   const std::optional<std::string>& json_path, Run& run);

}  // namespace retrap

#endif  // RETRAP_HARNESS_H_
