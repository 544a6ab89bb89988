// SPDX-License-Identifier: GPL-2.0-only
// The command line of retrap-bench.
#ifndef RETRAP_OPTIONS_H_
#define RETRAP_OPTIONS_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "benchmark_flags.h"
#include "core/measure/placement.h"

namespace retrap {

struct Options {
  std::string scenario;
  std::optional<std::string> placement;
  std::optional<std::string> interface;
  std::size_t samples = 2000;
  std::optional<std::string> out;
  std::optional<std::string> expect_interfaces;
  std::optional<std::string> variant;
  std::string substrate = "auto";
  std::string policy = "auto";
  WantedEnds cpus;
  std::uint64_t seed = 20110526;
  unsigned shift = 0;
  std::optional<unsigned> deadline_s;  // nothing: follows from `samples`
  std::optional<std::string> perf_control;
  std::optional<std::string> config_sha256;

  bool list = false;
  bool json = false;
  bool help = false;
  bool probe = false;
  bool version = false;
  std::string help_text;

  std::vector<std::string> argv;
  BenchmarkFlags benchmark;
};

// BENCHMARK_* of the environment are flags too. Throws Refusal (usage).
Options parse_options(int argc, char** argv,
                      const Environment& environment = from_environment);

}  // namespace retrap

#endif  // RETRAP_OPTIONS_H_
