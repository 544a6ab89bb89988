// SPDX-License-Identifier: GPL-2.0-only
#include "profile/instruction.h"

#include <array>
#include <cstring>

namespace retrap::profile {
namespace {

using Bytes = std::span<const std::uint8_t>;

// Intel SDM vol. 2, 2.1.1 and 2.2.1: legacy prefixes, then REX.
bool is_prefix(std::uint8_t byte) noexcept {
  constexpr std::array<std::uint8_t, 11> kLegacy = {
      0x26, 0x2e, 0x36, 0x3e, 0x64, 0x65, 0x66, 0x67, 0xf0, 0xf2, 0xf3};
  for (const std::uint8_t prefix : kLegacy)
    if (byte == prefix) return true;
  return (byte & 0xf0) == 0x40;
}

Bytes without_prefixes(Bytes bytes) noexcept {
  while (bytes.size() > 1 && is_prefix(bytes.front())) bytes = bytes.subspan(1);
  return bytes;
}

Flow flow_of_0f(Bytes op) noexcept {
  const std::uint8_t second = op[1];
  if ((second & 0xf0) == 0x80) return Flow::kJump;  // Jcc rel32
  switch (second) {
    case 0x05:  // SYSCALL
    case 0x0b:  // UD2
    case 0x34:  // SYSENTER
      return Flow::kToKernel;
    case 0x07:  // SYSRET
    case 0x35:  // SYSEXIT
      return Flow::kToUser;
    default:
      return Flow::kNext;
  }
}

Flow flow_of_ff(Bytes op) noexcept {
  switch ((op[1] >> 3) & 7) {  // ModRM.reg
    case 2:
    case 3:
      return Flow::kCall;
    case 4:
    case 5:
      return Flow::kJump;
    default:
      return Flow::kNext;
  }
}

Flow flow_of_x86(Bytes bytes) noexcept {
  const Bytes op = without_prefixes(bytes);
  if (op.empty()) return Flow::kNext;
  if ((op[0] & 0xf0) == 0x70) return Flow::kJump;  // Jcc rel8
  if (op.size() > 1 && op[0] == 0x0f) return flow_of_0f(op);
  if (op.size() > 1 && op[0] == 0xff) return flow_of_ff(op);
  switch (op[0]) {
    case 0xe8:
      return Flow::kCall;
    case 0xe0:  // LOOPNE, LOOPE, LOOP, JRCXZ
    case 0xe1:
    case 0xe2:
    case 0xe3:
    case 0xe9:
    case 0xeb:
      return Flow::kJump;
    case 0xc2:
    case 0xc3:
    case 0xca:
    case 0xcb:
      return Flow::kReturn;
    case 0xcc:  // INT3, INT
    case 0xcd:
      return Flow::kToKernel;
    case 0xcf:  // IRET
      return Flow::kToUser;
    case 0xf4:
      return Flow::kHalt;
    default:
      return Flow::kNext;
  }
}

std::uint32_t word(Bytes bytes) noexcept {
  std::uint32_t value = 0;
  if (bytes.size() == sizeof value)
    std::memcpy(&value, bytes.data(), sizeof value);
  return value;
}

// Arm ARM, C4.1.94: branches, exception generating and system instructions.
Flow flow_of_arm64(std::uint32_t op) noexcept {
  if ((op & 0xfc000000) == 0x94000000) return Flow::kCall;      // BL
  if ((op & 0xfffffc1f) == 0xd63f0000) return Flow::kCall;      // BLR
  if ((op & 0xfffffc1f) == 0xd65f0000) return Flow::kReturn;    // RET
  if ((op & 0xfffffc1f) == 0xd61f0000) return Flow::kJump;      // BR
  if ((op & 0xfc000000) == 0x14000000) return Flow::kJump;      // B
  if ((op & 0xff000010) == 0x54000000) return Flow::kJump;      // B.cond
  if ((op & 0x7e000000) == 0x34000000) return Flow::kJump;      // CBZ, CBNZ
  if ((op & 0x7e000000) == 0x36000000) return Flow::kJump;      // TBZ, TBNZ
  if ((op & 0xff000000) == 0xd4000000) return Flow::kToKernel;  // SVC, BRK
  if (op == 0xd69f03e0) return Flow::kToUser;                   // ERET
  if (op == 0xd503207f) return Flow::kHalt;                     // WFI
  return Flow::kNext;
}

}  // namespace

Flow flow_of(Isa isa, Bytes bytes) noexcept {
  return isa == Isa::kX86_64 ? flow_of_x86(bytes) : flow_of_arm64(word(bytes));
}

bool reads_clock(Isa isa, Bytes bytes) noexcept {
  if (isa == Isa::kArm64) {
    const std::uint32_t op = word(bytes) & ~0x1fU;  // less the register
    return op == 0xd53be040 || op == 0xd53be0c0;
  }
  const Bytes op = without_prefixes(bytes);
  if (op.size() < 2 || op[0] != 0x0f) return false;
  return op[1] == 0x31 || (op.size() > 2 && op[1] == 0x01 && op[2] == 0xf9);
}

std::optional<Marker> marker_of(Isa isa, Bytes bytes) noexcept {
  constexpr std::array<std::uint8_t, 4> kNop = {0x0f, 0x1f, 0x84, 0x00};
  std::uint32_t number = 0;
  if (isa == Isa::kArm64) {
    const std::uint32_t op = word(bytes);
    if ((op & 0xffe0001f) != 0xd280001f) return std::nullopt;
    number = ((op >> 5) & 0xffff) - kMarkerImmediate;
  } else {
    if (bytes.size() != 8 || std::memcmp(bytes.data(), kNop.data(), 4) != 0)
      return std::nullopt;
    number = word(bytes.subspan(4)) - kMarkerDisplacement;
  }
  if (number < 1 || number > kLastMarker) return std::nullopt;
  return static_cast<Marker>(number);
}

}  // namespace retrap::profile
