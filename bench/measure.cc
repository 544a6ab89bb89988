// SPDX-License-Identifier: GPL-2.0-only
#include "measure.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <iostream>
#include <memory>

#include "core/env/kernel.h"
#include "core/env/mappings.h"
#include "core/measure/clock_floor.h"
#include "core/measure/dma_latency.h"
#include "core/output/atomic_file.h"
#include "core/output/npy.h"
#include "core/output/run_record.h"
#include "core/sys/clock.h"
#include "core/sys/policy.h"
#include "harness.h"

namespace retrap {
namespace {

void say(const Options& options, const std::string& message) {
  std::cerr << "retrap-bench: " << options.scenario << ": " << message << '\n';
}

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

std::string policy(const Options& options, const Plan& plan) {
  if (options.policy != "auto") return options.policy;
  return plan.placement == Placement::kSameCpu ? "batch" : "other";
}

RunRecord start_record(const Options& options, const Plan& plan) {
  RunRecord record;
  record.argv = options.argv;
  record.scenario = options.scenario;
  record.placement = placement_name(plan.placement);
  record.interface =
      plan.scenario->is_floor() ? "none" : interface_name(plan.cell.interface);
  record.variant = options.variant;
  for (const Interface interface : plan.offered)
    record.kernel_offers.emplace_back(interface_name(interface));
  record.substrate = substrate_name(plan.substrate);
  record.unit = unit_name(plan.substrate);
  record.policy = policy(options, plan);
  record.tracer_cpu = plan.cell.ends.tracer_cpu;
  if (plan.scenario->has_partner())
    record.tracee_cpu = plan.cell.ends.tracee_cpu;
  record.samples_requested = options.samples;
  record.seed = options.seed;
  record.shift = options.shift;
  record.kernel = read_kernel_facts();
  record.kernel.config_sha256 = options.config_sha256;
  record.binary = {read_own_build_id(), RETRAP_BUILD_TYPE, RETRAP_COMPILER};
  record.code = read_code_mappings();
  record.counted = options.perf_control.has_value();
  return record;
}

void add_warnings(const Plan& plan, RunRecord& record) {
  const auto warn = [&](const char* text) {
    record.warnings.emplace_back(text);
  };
  if (!record.memory_locked)
    warn(
        "the sample buffer is not locked in memory; raise RLIMIT_MEMLOCK "
        "(ulimit -l) or run as root");
  if (record.dma_latency_held == false)
    warn(
        "idle states are not held off, which may make cross-cpu ten times "
        "slower; make /dev/cpu_dma_latency writable or run as root");
  if (plan.placement == Placement::kCrossCpu &&
      smt_siblings(plan.cell.ends.tracer_cpu, plan.cell.ends.tracee_cpu))
    warn(
        "tracer and tracee share a core; name CPUs of two cores with "
        "--tracer-cpu and --tracee-cpu");
  if (!record.kernel.build_id)
    warn(
        "the kernel's build id is not known; make /sys/kernel/notes "
        "readable");
}

void write_files(const Options& options, const SampleBuffer& samples,
                 const RunRecord& record, bool benchmark_json) {
  if (!options.out) return;
  const std::string& stem = *options.out;
  const std::string json = to_json(record);  // may throw: before any file
  if (benchmark_json) publish(stem + ".benchmark.json");
  if (!record.counted)
    write_atomically(stem + ".npy", npy_bytes(samples.samples()));
  write_atomically(stem + ".run.json", json);  // last: complete
}

// --benchmark_out=: Google Benchmark's JSON goes where its user wants it.
bool names_own_file(const Options& options) {
  return std::ranges::any_of(options.benchmark_flags,
                             [](const std::string& flag) {
                               return flag.starts_with("--benchmark_out=");
                             });
}

// Google Benchmark's unfinished file goes when the run ends without it.
struct Leftover {
  std::optional<std::string> path;
  ~Leftover() {
    if (path) ::unlink(path->c_str());  // published: no such name any more
  }
};

// By default twenty times what a sample of the longest scenario takes.
std::chrono::seconds deadline(const Options& options) {
  const auto derived = static_cast<unsigned>(60 + options.samples / 20);
  return std::chrono::seconds(options.deadline_s.value_or(derived));
}

std::unique_ptr<Watchdog> guard(const Cell& cell, const Options& options) {
  if (cell.partner() == 0) return nullptr;
  return std::make_unique<Watchdog>(cell.partner(), deadline(options));
}

std::unique_ptr<PerfControl> counters(const Options& options) {
  if (!options.perf_control) return nullptr;
  return std::make_unique<PerfControl>(*options.perf_control);
}

// A run that is cut says nothing of its kernel, unless one sample never ended.
std::string advice(const Run& run) {
  if (run.stuck)
    return "; retrap-conform says whether this kernel loses a stop";
  if (run.cut) return "; allow more, or ask for fewer --samples";
  return "; retrap-conform says which rule this kernel breaks";
}

}  // namespace

ExitCode measure(const Options& options, const Plan& plan) {
  check_output(options);
  RunRecord record = start_record(options, plan);
  const auto control = counters(options);
  std::unique_ptr<DmaLatency> latency;
  if (plan.substrate != Substrate::kExact) {
    latency = std::make_unique<DmaLatency>();
    record.dma_latency_held = latency->held();
  }
  set_policy(record.policy);
  SampleBuffer samples(options.samples);
  record.memory_locked = samples.locked();
  record.clock_floor = measure_clock_floor<RawClock>();
  add_warnings(plan, record);
  for (const std::string& warning : record.warnings)
    say(options, "warning: " + warning);

  const auto cell = plan.scenario->of.open(plan.cell);
  const auto watchdog = guard(*cell, options);
  Run run{*cell,         samples,      watchdog.get(),
          control.get(), options.seed, options.shift};
  const bool benchmark_json =
      options.out && !record.counted && !names_own_file(options);
  std::optional<std::string> json_path;
  if (benchmark_json)
    json_path = temporary_name(*options.out + ".benchmark.json");
  const Leftover leftover{json_path};
  run_benchmark(benchmark_name(plan), options, json_path, run);
  if (!run.ran) return ExitCode::kOk;  // --benchmark_list_tests

  record.samples_taken = samples.samples().size();
  record.samples_failed = samples.failed();
  record.stop_reason = run.stop_reason;
  write_files(options, samples, record, benchmark_json);
  if (record.samples_failed == 0) return ExitCode::kOk;
  say(options, run.stop_reason + advice(run));
  return ExitCode::kSamplesFailed;
}

}  // namespace retrap
