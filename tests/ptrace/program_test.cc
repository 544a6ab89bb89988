// SPDX-License-Identifier: GPL-2.0-only
// retrap-bench from outside: exit codes, files, what it leaves behind.
#include "program.h"

#include <gmock/gmock.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "core/output/npy.h"
#include "core/ptrace/patience.h"
#include "core/ptrace/task_state.h"
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
  EXPECT_EQ(fs::file_size(stem() + ".npy"), npy_header(20).size() + 20 * 24);
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

TEST_F(Bench, ListsWhatExistsWhenTheScenarioDoesNot) {
  const Output output = run_bench({"--scenario", "retrap/x"});
  EXPECT_EQ(output.exit_code, 2);
  EXPECT_THAT(output.err, HasSubstr("retrap/trigger:sigcont"));
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
  EXPECT_THAT(output.err, HasSubstr("retrap/trigger:sigcont/placement:"));
}

TEST_F(Bench, TakesASampleAnIterationWhateverTheHarnessIsTold) {
  ASSERT_EQ(sigcont({"--out", stem(), "--benchmark_repetitions=3",
                     "--benchmark_min_time=1"})
                .exit_code,
            0);
  const auto run = nlohmann::json::parse(*read_file(stem() + ".run.json"));
  EXPECT_EQ(run["samples_taken"], 20);
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
  ASSERT_EQ(::waitpid(bench, nullptr, 0), bench);
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
