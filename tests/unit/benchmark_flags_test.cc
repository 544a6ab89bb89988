// SPDX-License-Identifier: GPL-2.0-only
#include "benchmark_flags.h"

#include <gmock/gmock.h>

#include "exit_code.h"

namespace retrap {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::optional<std::string> nothing(const std::string&) { return std::nullopt; }

TEST(BenchmarkFlags, ThatAreObeyedReachGoogleBenchmark) {
  const auto flags = check_benchmark_flags(
      {"--benchmark_filter=x", "--benchmark_out=f", "--benchmark_format=json",
       "--benchmark_repetitions=3"},
      nothing);
  EXPECT_EQ(flags.words.size(), 4U);
  EXPECT_TRUE(flags.selects && flags.names_file && flags.is_json &&
              flags.repeats);
}

TEST(BenchmarkFlags, ThatChangeNothingAreTaken) {
  const auto flags = check_benchmark_flags(
      {"--benchmark_color=no", "--benchmark_counters_tabular",
       "--benchmark_repetitions=1", "--benchmark_list_tests=false"},
      nothing);
  EXPECT_FALSE(flags.selects || flags.repeats || flags.is_json);
  EXPECT_TRUE(
      check_benchmark_flags({"--benchmark_list_tests"}, nothing).selects);
}

TEST(BenchmarkFlags, ThatCannotBeObeyedAreRefusedWithTheirReason) {
  for (const std::string flag :
       {"--benchmark_min_time=1", "--benchmark_min_warmup_time=1",
        "--benchmark_time_unit=us", "--benchmark_perf_counters=cycles",
        "--benchmark_color=yes", "--benchmark_counters_tabular=false",
        "--benchmark_format=csv", "--benchmark_out_format=console",
        "--benchmark_dry_run", "--benchmark_"}) {
    try {
      (void)check_benchmark_flags({flag}, nothing);
      ADD_FAILURE() << flag << " was taken";
    } catch (const Refusal& refusal) {
      EXPECT_EQ(refusal.code(), ExitCode::kUsage);
      EXPECT_THAT(refusal.what(), HasSubstr(flag + ": "));
    }
  }
}

TEST(BenchmarkFlags, OfTheEnvironmentComeFirst) {
  const Environment environment = [](const std::string& variable) {
    return variable == "BENCHMARK_FILTER" ? std::optional<std::string>("a")
                                          : std::nullopt;
  };
  EXPECT_THAT(
      check_benchmark_flags({"--benchmark_filter=b"}, environment).words,
      ElementsAre("--benchmark_filter=a", "--benchmark_filter=b"));
}

}  // namespace
}  // namespace retrap
