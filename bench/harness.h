// SPDX-License-Identifier: GPL-2.0-only
// Cells as benchmarks of Google Benchmark.
#ifndef RETRAP_HARNESS_H_
#define RETRAP_HARNESS_H_

#include <benchmark/benchmark.h>

#include <functional>
#include <optional>
#include <span>
#include <string>

#include "benchmark_flags.h"
#include "plan.h"

namespace retrap {

struct Benchmark {
  CellName cell;
  // Takes the samples; returns the counters, of a cell that failed too.
  std::function<benchmark::UserCounters(benchmark::State&)> body;
};

// Of --benchmark_filter, and in Google Benchmark's output. It adds to it
// /iterations: and /manual_time.
std::string benchmark_name(const CellName& cell);

// Registers and runs those that the flags select, each with exactly `samples`
// iterations. The table goes to standard output, and Google Benchmark's JSON
// to `json_path`. Throws Refusal when Google Benchmark does not accept a flag
// or the filter matches nothing.
void run_benchmarks(std::span<const Benchmark> benchmarks, std::size_t samples,
                    const BenchmarkFlags& flags,
                    const std::optional<std::string>& json_path);

}  // namespace retrap

#endif  // RETRAP_HARNESS_H_
