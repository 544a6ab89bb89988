// SPDX-License-Identifier: GPL-2.0-only
#include "measurement.h"

#include <chrono>
#include <iostream>
#include <memory>

#include "core/env/kernel.h"
#include "core/env/mappings.h"
#include "core/measure/clock_floor.h"
#include "core/measure/dma_latency.h"
#include "core/output/atomic_file.h"
#include "core/output/npy.h"
#include "core/sys/clock.h"
#include "core/sys/policy.h"
#include "sampling.h"

namespace retrap {
namespace {

std::string policy(const Options& options, const Plan& plan) {
  if (options.policy != "auto") return options.policy;
  return plan.placement == Placement::kSameCpu ? "batch" : "other";
}

RunRecord start_record(const Options& options, const Plan& plan) {
  RunRecord record;
  record.argv = options.argv;
  record.scenario = plan.scenario.name();
  record.placement = placement_name(plan.placement);
  if (plan.found) record.placement_found = placement_name(*plan.found);
  record.interface = plan.scenario.info().is_floor
                         ? "none"
                         : interface_name(plan.cell.interface);
  record.variant = options.variant;
  for (const Interface interface : plan.offered)
    record.kernel_offers.emplace_back(interface_name(interface));
  record.substrate = substrate_name(plan.substrate);
  record.unit = unit_name(plan.substrate);
  record.policy = policy(options, plan);
  record.tracer_cpu = plan.cell.ends.tracer_cpu;
  if (plan.scenario.info().has_partner)
    record.tracee_cpu = plan.cell.ends.tracee_cpu;
  record.samples_requested = options.samples;
  record.seed = options.seed;
  record.shift = options.shift;
  record.kernel = read_kernel_facts();
  record.kernel.config_sha256 = options.config_sha256;
  record.binary = {read_own_build_id(), RETRAP_BUILD_TYPE, RETRAP_COMPILER};
  record.code = read_code_mappings();
  record.counted = options.perf_control.has_value();
  if (!record.counted)
    record.sample = sample_fields(plan.scenario.info().readings());
  return record;
}

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

Measurement::Measurement(const Options& options, const Plan& plan)
    : options_(options),
      plan_(plan),
      record_(start_record(options, plan)),
      samples_(options.samples, plan.scenario.info().readings().size()) {}

void Measurement::warn_of_machine() {
  const auto warn = [&](const char* text) {
    record_.warnings.emplace_back(text);
    say(std::string("warning: ") + text);
  };
  if (!record_.memory_locked)
    warn(
        "the sample buffer is not locked in memory; raise RLIMIT_MEMLOCK "
        "(ulimit -l) or run as root");
  if (record_.dma_latency_held == false)
    warn(
        "idle states are not held off, which may make cross-cpu ten times "
        "slower; make /dev/cpu_dma_latency writable or run as root");
  if (plan_.placement == Placement::kCrossCpu &&
      plan_.found == Placement::kSmtSibling)
    warn(
        "tracer and tracee share a core; name CPUs of two cores with "
        "--tracer-cpu and --tracee-cpu");
  if (!record_.kernel.build_id)
    warn(
        "the kernel's build id is not known; make /sys/kernel/notes "
        "readable");
}

void Measurement::say(const std::string& message) const {
  std::cerr << "retrap-bench: " << record_.scenario << ": " << message << '\n';
}

benchmark::UserCounters Measurement::take(benchmark::State& state) {
  const auto control = counters(options_);
  std::unique_ptr<DmaLatency> latency;
  if (plan_.substrate != Substrate::kExact) {
    latency = std::make_unique<DmaLatency>();
    record_.dma_latency_held = latency->held();
  }
  set_policy(record_.policy);
  record_.memory_locked = samples_.locked();
  record_.clock_floor = measure_clock_floor<RawClock>();
  warn_of_machine();

  const auto cell = plan_.scenario.family->open(plan_.cell);
  const auto watchdog = guard(*cell, options_);
  Run run{*cell,         samples_,      watchdog.get(),
          control.get(), options_.seed, options_.shift};
  take_samples(state, run);

  record_.samples_taken = samples_.samples().size();
  record_.samples_failed = samples_.failed();
  record_.stop_reason = run.stop_reason;
  state.SetLabel(record_.unit);
  if (samples_.failed() != 0) say(run.stop_reason + advice(run));
  return counters_of(samples_, record_.counted);
}

void Measurement::write(const std::string& stem) const {
  const std::string json = to_json(record_);  // may throw: before any file
  if (!record_.counted)
    write_atomically(stem + ".npy",
                     npy_bytes(samples_, plan_.scenario.info().readings()));
  write_atomically(stem + ".run.json", json);
}

ExitCode Measurement::code() const {
  return samples_.failed() == 0 ? ExitCode::kOk : ExitCode::kSamplesFailed;
}

}  // namespace retrap
