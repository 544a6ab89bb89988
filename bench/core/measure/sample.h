// SPDX-License-Identifier: GPL-2.0-only
// One timed event, as it lies in memory and in the .npy (docs/data-format.md).
// The readings of a family, stamps of the clock and tallies, lie behind it.
#ifndef RETRAP_CORE_MEASURE_SAMPLE_H_
#define RETRAP_CORE_MEASURE_SAMPLE_H_

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string_view>
#include <type_traits>

#include "core/ptrace/wait_status.h"

namespace retrap {

enum class Outcome : std::uint16_t {
  kOk = 0,
  kUnexpectedStop = 1,
  kStartNotReached = 2,
  kCallFailed = 3,
  kDeadline = 4,
};

// By its number. The record of a run has them (run_record.cc).
inline constexpr std::array<std::string_view, 5> kOutcomeNames = {
    "ok", "not the expected stop", "start state not reached",
    "a system call failed", "deadline"};

inline constexpr std::uint64_t kNeverReturned =
    std::numeric_limits<std::uint64_t>::max();

struct Sample {
  std::uint64_t t_trigger_ns = 0;
  std::uint64_t t_return_ns = kNeverReturned;
  WaitStatus wait_status{};
  Outcome outcome = Outcome::kOk;
  std::uint16_t cpu = 0;
};

static_assert(sizeof(Sample) == 24 && std::is_trivially_copyable_v<Sample>);
static_assert(offsetof(Sample, t_return_ns) == 8);
static_assert(offsetof(Sample, wait_status) == 16);
static_assert(offsetof(Sample, outcome) == 20);
static_assert(offsetof(Sample, cpu) == 22);

// What a sample has besides its head: a stamp of the clock at each stage, and
// whole numbers.
struct Readings {
  std::span<const std::string_view> stages = {};
  std::span<const std::string_view> tallies = {};
  [[nodiscard]] std::size_t size() const noexcept {
    return stages.size() + tallies.size();
  }
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_SAMPLE_H_
