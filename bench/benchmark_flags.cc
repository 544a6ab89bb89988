// SPDX-License-Identifier: GPL-2.0-only
#include "benchmark_flags.h"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdlib>

#include "exit_code.h"

namespace retrap {
namespace {

// `values`: those that are obeyed, "": every one. `refusal`: why the others
// are not, or all, and what to do.
struct Flag {
  std::string_view name;
  std::string_view values;
  std::string_view refusal;
};

constexpr std::string_view kAll;
constexpr std::string_view kNone = "-";

constexpr std::array kFlags = {
    Flag{"filter", kAll, ""},
    Flag{"list_tests", kAll, ""},
    Flag{"repetitions", kAll, ""},
    Flag{"enable_random_interleaving", kAll, ""},
    Flag{"report_aggregates_only", kAll, ""},
    Flag{"display_aggregates_only", kAll, ""},
    Flag{"context", kAll, ""},
    Flag{"out", kAll, ""},
    Flag{"out_format", "json", "files are JSON"},
    Flag{"format", "console json", "it is console or json"},
    Flag{"color", "no false 0 auto", "the table has no colours"},
    Flag{"counters_tabular", "true yes 1", "the table is one of counters"},
    Flag{"min_time", kNone, "the number of samples is fixed; see --samples"},
    Flag{"min_warmup_time", kNone,
         "every sample is kept, the first ones too; see --samples"},
    Flag{"time_unit", kNone,
         "the unit is ns, or instructions where --substrate is exact"},
    Flag{"perf_counters", kNone,
         "they would count user space alone; see --perf-control"},
};

constexpr std::string_view kPrefix = "--benchmark_";

bool is_one_of(std::string_view value, std::string_view words) {
  while (!words.empty()) {
    const std::string_view word = words.substr(0, words.find(' '));
    if (word == value) return true;
    words.remove_prefix(std::min(words.size(), word.size() + 1));
  }
  return false;
}

std::string variable_of(const Flag& flag) {
  std::string variable = "BENCHMARK_" + std::string(flag.name);
  std::ranges::transform(variable, variable.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return variable;
}

// A flag without a value is true, as in Google Benchmark.
bool is_false(std::string_view value) {
  return is_one_of(value, "false no 0 off f n");
}

[[noreturn]] void refuse(const std::string& word, std::string_view why) {
  throw Refusal(ExitCode::kUsage, word + ": " + std::string(why));
}

void take(const std::string& word, BenchmarkFlags& flags) {
  const std::string_view text = std::string_view(word).substr(kPrefix.size());
  const std::string_view name = text.substr(0, text.find('='));
  const std::string_view value =
      name.size() == text.size() ? "true" : text.substr(name.size() + 1);
  const auto flag = std::ranges::find(kFlags, name, &Flag::name);
  if (flag == kFlags.end())
    refuse(word, "no flag that retrap-bench knows; see retrap-bench --help");
  if (flag->values != kAll && !is_one_of(value, flag->values))
    refuse(word, flag->refusal);
  if (name == "filter" || (name == "list_tests" && !is_false(value)))
    flags.selects = true;
  if (name == "out") flags.names_file = !value.empty();
  if (name == "format") flags.is_json = value == "json";
  if (name == "repetitions") flags.repeats = value != "1";
  flags.words.push_back(word);
}

}  // namespace

BenchmarkFlags check_benchmark_flags(const std::vector<std::string>& words,
                                     const Environment& environment) {
  BenchmarkFlags flags;
  for (const Flag& flag : kFlags)
    if (const auto value = environment(variable_of(flag)))
      take(std::string(kPrefix) + std::string(flag.name) + "=" + *value, flags);
  for (const std::string& word : words) take(word, flags);
  return flags;
}

std::optional<std::string> from_environment(const std::string& variable) {
  const char* value = std::getenv(variable.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

}  // namespace retrap
