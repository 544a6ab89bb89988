// SPDX-License-Identifier: GPL-2.0-only
// What an instruction does to the flow of control, by its bytes.
#ifndef RETRAP_PROFILE_INSTRUCTION_H_
#define RETRAP_PROFILE_INSTRUCTION_H_

#include <cstdint>
#include <optional>
#include <span>

#include "core/measure/marker.h"

namespace retrap::profile {

// The values are those of the file (docs/data-format.md).
enum class Flow : std::uint8_t {
  kNext = 0,      // the next instruction follows
  kJump = 1,      // conditional or not, direct or not
  kCall = 2,      //
  kReturn = 3,    //
  kToKernel = 4,  // SYSCALL, SVC, a trap instruction
  kToUser = 5,    // SYSRET, IRET, ERET: from an interrupt of the kernel too
  kHalt = 6,      // HLT, WFI: the vCPU sleeps until an interrupt
};

enum class Isa : std::uint8_t { kX86_64, kArm64 };

// `bytes` is one whole instruction.
Flow flow_of(Isa isa, std::span<const std::uint8_t> bytes) noexcept;

// RDTSC and RDTSCP; a read of CNTVCT_EL0 or CNTVCTSS_EL0.
bool reads_clock(Isa isa, std::span<const std::uint8_t> bytes) noexcept;

// The marker that the instruction is, if it is one.
std::optional<Marker> marker_of(Isa isa,
                                std::span<const std::uint8_t> bytes) noexcept;

}  // namespace retrap::profile

#endif  // RETRAP_PROFILE_INSTRUCTION_H_
