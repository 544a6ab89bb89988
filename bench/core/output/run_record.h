// SPDX-License-Identifier: GPL-2.0-only
// What one process measured and how: *.run.json (docs/data-format.md).
#ifndef RETRAP_CORE_OUTPUT_RUN_RECORD_H_
#define RETRAP_CORE_OUTPUT_RUN_RECORD_H_

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/env/kernel.h"
#include "core/measure/clock_floor.h"
#include "core/output/npy.h"

namespace retrap {

inline constexpr const char* kRunSchema = "retrap.run/1";

struct BinaryFacts {
  std::optional<std::string> build_id;
  std::string build_type;
  std::string compiler;
};

struct RunRecord {
  std::vector<std::string> argv;
  std::string scenario;
  std::string placement;
  std::optional<std::string> placement_found;  // nothing: it is not told
  std::string interface;
  std::optional<std::string> variant;
  std::vector<std::string> kernel_offers;
  std::string substrate;
  std::string unit;
  std::string policy;
  int tracer_cpu = 0;
  std::optional<int> tracee_cpu;
  std::size_t samples_requested = 0;
  std::size_t samples_taken = 0;
  std::size_t samples_failed = 0;
  std::string stop_reason;
  std::uint64_t seed = 0;
  unsigned shift = 0;
  ClockFloor clock_floor;
  KernelFacts kernel;
  BinaryFacts binary;
  std::vector<std::string> code;  // mappings.h
  bool memory_locked = false;
  std::optional<bool> dma_latency_held;
  bool counted = false;
  std::vector<SampleField> sample;  // of STEM.npy; empty: there is none
  std::vector<std::string> warnings;
};

// The text of the file.
std::string to_json(const RunRecord& record);

}  // namespace retrap

#endif  // RETRAP_CORE_OUTPUT_RUN_RECORD_H_
