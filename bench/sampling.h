// SPDX-License-Identifier: GPL-2.0-only
// The loop over the samples of a cell.
#ifndef RETRAP_SAMPLING_H_
#define RETRAP_SAMPLING_H_

#include <benchmark/benchmark.h>

#include <string>

#include "core/measure/perf_control.h"
#include "core/measure/phase.h"
#include "core/measure/sample_buffer.h"
#include "core/ptrace/watchdog.h"
#include "scenarios/cell.h"

namespace retrap {

// What the loop works on and what becomes of it.
struct Run {
  Cell& cell;
  SampleBuffer& samples;
  const Watchdog* watchdog;     // nullptr: there is no second end
  const PerfControl* counters;  // nullptr: a timed run
  std::uint64_t seed;
  unsigned shift;
  bool cut = false;    // by the watchdog
  bool stuck = false;  // then: in one sample, and not for want of a CPU
  std::string stop_reason = "complete";
};

// A sample an iteration. The first that fails ends the loop, and the benchmark
// with its reason.
void take_samples(benchmark::State& state, Run& run);

// failed, samples; of a timed run p50, p90 and p99 of those that did not fail.
benchmark::UserCounters counters_of(const SampleBuffer& samples, bool counted);

}  // namespace retrap

#endif  // RETRAP_SAMPLING_H_
