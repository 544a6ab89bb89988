// SPDX-License-Identifier: GPL-2.0-only
// Instructions that do nothing, and tell an instruction profiler where it is.
//
// Each is one instruction that no compiler makes: on x86_64 a long nop with a
// displacement of ours (Intel SDM vol. 2, NOP r/m32), on arm64 a MOVZ to the
// zero register (Arm ARM, C6.2, MOVZ). They stand outside the timed region and
// are always compiled in, so that the program that is profiled is the program
// that is measured. exact/profile finds them; nobody else looks.
#ifndef RETRAP_CORE_MEASURE_MARKER_H_
#define RETRAP_CORE_MEASURE_MARKER_H_

#include <cstdint>

namespace retrap {

enum class Marker : std::uint16_t {
  kRun = 1,     // the tracer begins the samples of a run
  kOpen = 2,    // a window opens at the clock read that follows
  kClose = 3,   // and has closed at the last clock read before this
  kTracee = 4,  // the task that executes this is the tracee, or the partner
};

inline constexpr std::uint16_t kLastMarker = 4;

// x86_64: 0f 1f 84 00 and this, plus the marker, as the displacement.
inline constexpr std::uint32_t kMarkerDisplacement = 0x52740000;
// arm64: movz xzr, #(this plus the marker).
inline constexpr std::uint16_t kMarkerImmediate = 0x5270;

template <Marker kMarker>
[[gnu::always_inline]] inline void mark() noexcept {
#if defined(__x86_64__)
  asm volatile(".byte 0x0f, 0x1f, 0x84, 0x00\n\t.long %c0" ::"i"(
      kMarkerDisplacement + static_cast<std::uint32_t>(kMarker)));
#elif defined(__aarch64__)
  asm volatile(".inst 0xd280001f | (%c0 << 5)" ::"i"(
      kMarkerImmediate + static_cast<std::uint32_t>(kMarker)));
#else
#error "a marker is wanted here: one instruction that does nothing"
#endif
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_MARKER_H_
