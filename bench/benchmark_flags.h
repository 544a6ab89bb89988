// SPDX-License-Identifier: GPL-2.0-only
// Google Benchmark's own flags: each is obeyed or refused, none is ignored.
#ifndef RETRAP_BENCHMARK_FLAGS_H_
#define RETRAP_BENCHMARK_FLAGS_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace retrap {

struct BenchmarkFlags {
  std::vector<std::string> words;  // for benchmark::Initialize()
  bool selects = false;  // a filter or a list: of many cells, not of one
  bool names_file = false;
  bool is_json = false;  // on standard output, in place of the table
  bool repeats = false;
};

using Environment =
    std::function<std::optional<std::string>(const std::string& variable)>;

// BENCHMARK_FILTER=x is --benchmark_filter=x, before the words of the command
// line. Throws Refusal (usage).
BenchmarkFlags check_benchmark_flags(const std::vector<std::string>& words,
                                     const Environment& environment);

// Of this process.
std::optional<std::string> from_environment(const std::string& variable);

}  // namespace retrap

#endif  // RETRAP_BENCHMARK_FLAGS_H_
