// SPDX-License-Identifier: GPL-2.0-only
#include "measure.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/output/atomic_file.h"
#include "harness.h"
#include "measurement.h"

namespace retrap {
namespace {

// Raw files never change, and an hour's samples must have a place to go to.
void check_output(const Options& options) {
  if (!options.out) return;
  const std::string record = *options.out + ".run.json";
  if (::access(record.c_str(), F_OK) == 0)
    throw Refusal(ExitCode::kUsage,
                  record +
                      " exists and raw files never change; name another "
                      "--out or remove it");
  const std::size_t slash = options.out->rfind('/');
  const std::string directory =
      slash == std::string::npos ? "." : options.out->substr(0, slash + 1);
  if (::access(directory.c_str(), W_OK | X_OK) != 0)
    throw Refusal(ExitCode::kFailure,
                  directory +
                      " cannot be written; create it, or name another "
                      "--out");
}

// Google Benchmark's unfinished file goes when the run ends without it.
class Leftover {
 public:
  explicit Leftover(const std::optional<std::string>& path) : path_(path) {}
  Leftover(const Leftover&) = delete;
  Leftover& operator=(const Leftover&) = delete;
  Leftover(Leftover&&) = delete;
  Leftover& operator=(Leftover&&) = delete;
  ~Leftover() {
    if (path_) ::unlink(path_->c_str());  // published: no such name any more
  }

 private:
  std::optional<std::string> path_;
};

// Of two codes the one that says more; kNotSupported says the least.
ExitCode worse(ExitCode one, ExitCode other) {
  constexpr std::array kFromBest = {
      ExitCode::kNotSupported, ExitCode::kOk,    ExitCode::kSamplesFailed,
      ExitCode::kMismatch,     ExitCode::kUsage, ExitCode::kFailure};
  return std::max(one, other, [&](ExitCode a, ExitCode b) {
    return std::ranges::find(kFromBest, a) < std::ranges::find(kFromBest, b);
  });
}

// A cell, and what became of it when its benchmark ran last.
class Job {
 public:
  Job(const Options& options, const Here& here, const CellName& cell)
      : options_(options), here_(here), cell_(cell) {}

  [[nodiscard]] const CellName& cell() const { return cell_; }
  [[nodiscard]] std::optional<ExitCode> code() const { return code_; }

  // Throws Refusal; without it, the benchmark is refused.
  void prepare() { plan_ = make_plan(options_, cell_, here_); }

  benchmark::UserCounters run(benchmark::State& state) noexcept {
    try {
      // Another cell has had the CPU since.
      if (!plan_ || options_.benchmark.selects) prepare();
      measurement_ = std::make_unique<Measurement>(options_, *plan_);
      auto counters = measurement_->take(state);
      note(measurement_->code());
      return counters;
    } catch (const Refusal& refusal) {
      note(refusal.code());
      give_up(state, refusal);
    } catch (const std::exception& error) {
      note(ExitCode::kFailure);
      give_up(state, error);
    }
    return {};
  }

  // Throws what run() ended with, when it was an exception.
  void finish(const std::optional<std::string>& json_path) const {
    if (error_) std::rethrow_exception(error_);
    if (!options_.out || !measurement_) return;
    if (json_path) publish(*options_.out + ".benchmark.json");
    measurement_->write(*options_.out);
  }

 private:
  void note(ExitCode code) { code_ = worse(code_.value_or(code), code); }
  void give_up(benchmark::State& state, const std::exception& error) {
    error_ = std::current_exception();
    state.SkipWithError(error.what());
  }

  const Options& options_;
  const Here& here_;
  CellName cell_;
  std::optional<Plan> plan_;
  std::unique_ptr<Measurement> measurement_;
  std::optional<ExitCode> code_;
  std::exception_ptr error_;
};

ExitCode worst_of(const std::vector<Job>& jobs) {
  std::optional<ExitCode> code;
  for (const Job& job : jobs)
    if (job.code()) code = worse(code.value_or(*job.code()), *job.code());
  return code.value_or(ExitCode::kOk);  // --benchmark_list_tests
}

std::vector<Job> jobs_of(const Options& options, const Here& here,
                         const std::optional<CellName>& only) {
  std::vector<Job> jobs;
  const auto cells = only ? std::vector{*only} : open_cells(options, here);
  jobs.reserve(cells.size());
  for (const CellName& cell : cells) jobs.emplace_back(options, here, cell);
  if (only) jobs.front().prepare();
  return jobs;
}

}  // namespace

ExitCode measure(const Options& options) {
  std::optional<CellName> only;
  if (!options.benchmark.selects) only = named_cell(options);
  const Here here = look_around(options);
  std::vector<Job> jobs = jobs_of(options, here, only);
  check_output(options);
  std::optional<std::string> json_path;
  if (options.out && !options.perf_control && !options.benchmark.names_file)
    json_path = temporary_name(*options.out + ".benchmark.json");
  const Leftover leftover(json_path);
  std::vector<Benchmark> benchmarks;
  benchmarks.reserve(jobs.size());
  for (Job& job : jobs)
    benchmarks.push_back({job.cell(), [&job](benchmark::State& state) {
                            return job.run(state);
                          }});
  run_benchmarks(benchmarks, options.samples, options.benchmark, json_path);
  if (only) jobs.front().finish(json_path);
  return worst_of(jobs);
}

}  // namespace retrap
