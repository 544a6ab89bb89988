// SPDX-License-Identifier: GPL-2.0-only
// retrap-bench from outside: exit codes, files, what it leaves behind.
#include "program.h"

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <sstream>
#include <thread>

#include "core/measure/placement.h"
#include "core/output/npy.h"
#include "core/ptrace/patience.h"
#include "core/ptrace/task_state.h"
#include "core/ptrace/wait.h"
#include "core/sys/affinity.h"
#include "core/sys/file.h"

namespace retrap {
namespace {

namespace fs = std::filesystem;
using std::chrono_literals::operator""ms;
using testing::HasSubstr;
using testing::Not;

class Bench : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "retrap-XXXXXX").string();
    ASSERT_NE(::mkdtemp(name.data()), nullptr);
    directory_ = name;
  }
  void TearDown() override { fs::remove_all(directory_); }
  [[nodiscard]] std::string stem() const { return (directory_ / "a").string(); }

  static Output sigcont(std::vector<std::string> more) {
    more.insert(more.begin(),
                {"--scenario", "retrap/trigger:sigcont", "--samples", "20"});
    return run_bench(more);
  }

 private:
  fs::path directory_;
};

TEST_F(Bench, WritesSamplesRecordAndGoogleBenchmarksJson) {
  const Output output =
      sigcont({"--out", stem(), "--variant", "v", "--config-sha256", "abc"});
  ASSERT_EQ(output.exit_code, 0) << output.err;
  EXPECT_EQ(fs::file_size(stem() + ".npy"), npy_header(20).size() + 20UL * 24);
  const auto run = nlohmann::json::parse(*read_file(stem() + ".run.json"));
  EXPECT_EQ(run["samples_taken"], 20);
  EXPECT_EQ(run["samples_failed"], 0);
  EXPECT_EQ(run["stop_reason"], "complete");
  EXPECT_EQ(run["interface"], "listen");
  EXPECT_EQ(run["variant"], "v");
  EXPECT_EQ(run["kernel"]["config_sha256"], "abc");
  const auto benchmark =
      nlohmann::json::parse(*read_file(stem() + ".benchmark.json"));
  EXPECT_EQ(benchmark["benchmarks"][0]["iterations"], 20);
}

TEST_F(Bench, DoesNotOverwriteARun) {
  ASSERT_EQ(sigcont({"--out", stem()}).exit_code, 0);
  const Output again = sigcont({"--out", stem()});
  EXPECT_EQ(again.exit_code, 2);
  EXPECT_THAT(again.err, HasSubstr("raw files never change"));
}

TEST_F(Bench, RefusesADirectoryThatIsMissingBeforeItMeasures) {
  EXPECT_EQ(sigcont({"--out", stem() + "/b/c"}).exit_code, 1);
}

// The placement that was asked for, and the one that it turned out to be.
TEST_F(Bench, RecordsWhatTwoCpusAreToEachOther) {
  if (allowed_cpus().size() < 2) GTEST_SKIP() << "needs two CPUs";
  ASSERT_EQ(sigcont({"--out", stem(), "--placement", "cross-cpu"}).exit_code,
            0);
  const auto run = nlohmann::json::parse(*read_file(stem() + ".run.json"));
  const auto cpus = allowed_cpus();
  const auto found =
      relation({run["tracer_cpu"], run["tracee_cpu"]}, Topology::read(cpus));
  EXPECT_EQ(run["placement"], "cross-cpu");
  if (found)
    EXPECT_EQ(run["placement_found"], placement_name(*found));
  else
    EXPECT_TRUE(run["placement_found"].is_null());
}

// A machine with one node has no second one.
TEST_F(Bench, RefusesAPlacementThatTheMachineLacks) {
  const auto cpus = allowed_cpus();
  for (const Placement placement :
       {Placement::kSmtSibling, Placement::kCrossLlc, Placement::kCrossNode}) {
    if (choose_ends(placement, {}, cpus, Topology::read(cpus))) continue;
    const std::string name(placement_name(placement));
    const Output output = sigcont({"--placement", name});
    EXPECT_EQ(output.exit_code, 77);
    EXPECT_THAT(output.err, HasSubstr(name + " needs two "));
  }
}

TEST_F(Bench, ListsWhatExistsWhenTheScenarioDoesNot) {
  const Output output = run_bench({"--scenario", "retrap/x"});
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.err, HasSubstr("retrap/trigger:sigcont"));
  EXPECT_THAT(output.err, HasSubstr("elsewhere/jobctl/threads:1..256"));
  EXPECT_EQ(output.out, "");
}

TEST_F(Bench, RefusesAKernelThatOffersOtherInterfaces) {
  const Output output = sigcont({"--expect-interfaces", "async-retrap"});
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_THAT(output.err, HasSubstr("this kernel offers listen"));
}

TEST_F(Bench, RefusesToCallAMachineExactThatIsNot) {
  const Output output = sigcont({"--substrate", "exact"});
  if (output.exit_code == 0) GTEST_SKIP() << "this machine is exact";
  EXPECT_EQ(output.exit_code, 3);
  EXPECT_THAT(output.err, HasSubstr("not exact"));
}

TEST_F(Bench, SaysSoWhenAFilterMatchesNothing) {
  const Output output = sigcont({"--benchmark_filter=nothing"});
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.err,
              HasSubstr("/interface:listen/retrap/trigger:sigcont"));
}

TEST_F(Bench, WritesOneCellOnceOrNothing) {
  for (const char* flag :
       {"--benchmark_repetitions=3", "--benchmark_filter=."}) {
    const Output output = sigcont({"--out", stem(), flag});
    EXPECT_EQ(output.exit_code, 2) << flag;
    EXPECT_THAT(output.err, HasSubstr("--out is of one cell, once"));
  }
  EXPECT_TRUE(fs::is_empty(fs::path(stem()).parent_path()));
}

// Counters of Google Benchmark's JSON against the samples themselves.
TEST_F(Bench, CountsQuantilesAsValuesThatWereMeasured) {
  ASSERT_EQ(sigcont({"--out", stem()}).exit_code, 0);
  const std::string npy = *read_file(stem() + ".npy");
  std::vector<std::uint64_t> times;
  for (std::size_t i = npy_header(20).size(); i < npy.size(); i += 24) {
    Sample sample;
    std::memcpy(&sample, npy.data() + i, sizeof sample);
    times.push_back(sample.t_return_ns - sample.t_trigger_ns);
  }
  std::ranges::sort(times);
  const auto got = nlohmann::json::parse(
      *read_file(stem() + ".benchmark.json"))["benchmarks"][0];
  EXPECT_EQ(got["p50"], times.at(9));
  EXPECT_EQ(got["p90"], times.at(17));
  EXPECT_EQ(got["p99"], times.at(19));
  EXPECT_EQ(got["samples"], 20);
  EXPECT_EQ(got["failed"], 0);
}

TEST_F(Bench, RunsSeveralCellsInOneCallWithTheirMedians) {
  const Output output =
      run_bench({"--benchmark_filter=same-cpu.*(floor/pipe|jobctl/threads:8/)",
                 "--samples", "20", "--benchmark_format=json"});
  ASSERT_EQ(output.exit_code, 0) << output.err;
  const auto rows = nlohmann::json::parse(output.out)["benchmarks"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["name"],
            "placement:same-cpu/interface:listen/elsewhere/jobctl/threads:8/"
            "iterations:20/manual_time");
  EXPECT_EQ(rows[1]["samples"], 20);
  EXPECT_GT(rows[1]["p50"], 0);
}

TEST_F(Bench, ListsWithoutMeasuring) {
  const Output output =
      run_bench({"--scenario", "elsewhere/jobctl", "--placement", "same-cpu",
                 "--benchmark_list_tests"});
  EXPECT_EQ(output.exit_code, 0);
  std::string expected;
  for (const char* threads : {"1", "8", "64"})
    expected += std::string("placement:same-cpu/interface:listen/elsewhere/") +
                "jobctl/threads:" + threads + "/iterations:2000/manual_time\n";
  EXPECT_EQ(output.out, expected);
}

// One cell of the call that fails is told with its counters; the others stay.
TEST_F(Bench, TellsWhichOfSeveralCellsFailed) {
  const Output output =
      run_bench({"--benchmark_filter=same-cpu.*floor/(pipe|clock)", "--samples",
                 "1000000", "--deadline", "1", "--benchmark_format=json"});
  EXPECT_EQ(output.exit_code, 4);
  const auto rows = nlohmann::json::parse(output.out)["benchmarks"];
  ASSERT_EQ(rows.size(), 2U);
  EXPECT_EQ(rows[0]["failed"], 0);
  EXPECT_EQ(rows[0]["samples"], 1000000);
  EXPECT_EQ(rows[1]["failed"], 1);
  EXPECT_LT(rows[1]["samples"], 1000000);
  EXPECT_THAT(rows[1]["error_message"].get<std::string>(),
              HasSubstr("--deadline"));
}

// What a cell lacks is no matter for the others, but of a call of nothing else.
TEST_F(Bench, RefusesACellOfSeveral) {
  const auto run = [](const char* filter) {
    return run_bench({filter, "--samples", "20", "--placement", "same-cpu"},
                     without_syscall(SYS_execveat));
  };
  const Output both = run("--benchmark_filter=/(fork-exec|fork)-exit-wait");
  EXPECT_EQ(both.exit_code, 0);
  EXPECT_THAT(both.out, HasSubstr("this kernel does not have execveat(2)"));
  EXPECT_EQ(run("--benchmark_filter=/fork-exec-exit-wait").exit_code, 77);
}

TEST_F(Bench, ObeysTheEnvironmentsFlagsToo) {
  const auto filter = [] { (void)::setenv("BENCHMARK_FILTER", "syscall$", 1); };
  const auto seconds = [] { (void)::setenv("BENCHMARK_MIN_TIME", "2", 1); };
  const Output none = run_bench({"--scenario", "floor/clock"}, filter);
  EXPECT_EQ(none.exit_code, 2);
  EXPECT_THAT(none.err, HasSubstr("--benchmark_filter matches none"));
  const Output refused = run_bench({"--scenario", "floor/clock"}, seconds);
  EXPECT_EQ(refused.exit_code, 2);
  EXPECT_THAT(refused.err, HasSubstr("--benchmark_min_time=2: the number"));
}

TEST_F(Bench, PrintsMediansAndNoMean) {
  const Output output = run_bench({"--scenario", "floor/pipe", "--samples",
                                   "20", "--benchmark_repetitions=2"});
  ASSERT_EQ(output.exit_code, 0) << output.err;
  std::istringstream lines(output.out);
  std::vector<std::string> first_words;
  for (std::string line; std::getline(lines, line);)
    first_words.push_back(
        line.substr(0, line.find_last_not_of(' ') + 1).substr(0, 12));
  EXPECT_THAT(first_words,
              testing::ElementsAre("in ns       ", "floor/pipe", "  same-cpu n",
                                   "  same-cpu n", "  median    "));
}

TEST_F(Bench, SaysThatItWasTheDeadline) {
  const Output output = run_bench(
      {"--scenario", "floor/pipe", "--samples", "2000000", "--deadline", "1"});
  EXPECT_EQ(output.exit_code, 4);
  EXPECT_THAT(output.err, HasSubstr("longer than --deadline 1 s"));
  EXPECT_THAT(output.err, Not(HasSubstr("retrap-conform")));
}

// As in a container whose seccomp profile does not know it, and as before 3.19.
TEST_F(Bench, SaysWhatTheKernelDoesNotHave) {
  const Output output = run_bench(
      {"--scenario", "elsewhere/fork-exec-exit-wait", "--out", stem()},
      without_syscall(SYS_execveat));
  EXPECT_EQ(output.exit_code, 77);
  EXPECT_EQ(output.err,
            "retrap-bench: elsewhere/fork-exec-exit-wait: this kernel does not "
            "have execveat(2)\n");
  EXPECT_FALSE(fs::exists(stem() + ".run.json"));
}

TEST_F(Bench, RunsWhatDoesNotNeedIt) {
  const Output output =
      run_bench({"--scenario", "elsewhere/fork-exit-wait", "--samples", "20"},
                without_syscall(SYS_execveat));
  EXPECT_EQ(output.exit_code, 0) << output.err;
}

TEST_F(Bench, CountsWithoutSamplesAndFailsWithoutPerf) {
  const Output output = sigcont({"--perf-control", "/none/ctl,/none/ack"});
  EXPECT_EQ(output.exit_code, 1);
  EXPECT_THAT(output.err, HasSubstr("/none/ctl"));
}

char state_of(pid_t pid) {
  try {
    return TaskState(pid).letter();
  } catch (const std::system_error&) {
    return '\0';  // gone
  }
}

TEST_F(Bench, LeavesNoTraceeWhenItIsKilled) {
  const pid_t bench = start_bench(
      {"--scenario", "retrap/trigger:sigcont", "--samples", "10000000"});
  std::vector<pid_t> children;
  for (Patience patience(bench); children.size() < 2 && patience.lasts();) {
    std::this_thread::sleep_for(10ms);
    children = children_of(bench);
  }
  ASSERT_EQ(children.size(), 2U) << "a tracee and a watchdog";
  ASSERT_EQ(::kill(bench, SIGKILL), 0);
  ASSERT_TRUE(is_status(wait_for(bench, 0)));
  for (const pid_t child : children) {
    char state = state_of(child);
    for (Patience patience(child);
         state != '\0' && state != 'Z' && patience.lasts();) {
      std::this_thread::sleep_for(10ms);
      state = state_of(child);
    }
    EXPECT_TRUE(state == '\0' || state == 'Z') << child << ": " << state;
  }
}

}  // namespace
}  // namespace retrap
