// SPDX-License-Identifier: GPL-2.0-only
// A number of instructions that do nothing, exactly.
#ifndef RETRAP_CORE_MEASURE_NOPS_H_
#define RETRAP_CORE_MEASURE_NOPS_H_

#include <cstdint>

namespace retrap {

inline constexpr unsigned kMostShift = 64;

template <unsigned kCount>
[[gnu::always_inline]] inline void nops() noexcept {
  asm volatile(".rept %c0\n\tnop\n\t.endr" ::"i"(kCount));
}

// `count` nops, at most kMostShift, and a constant number of instructions to
// get there and back: runs that differ in `count` alone differ by it exactly.
void shift_by(unsigned count) noexcept;

// A busy loop of that many turns.
inline void spin(std::uint32_t turns) noexcept {
  for (; turns != 0; --turns) asm volatile("");
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_NOPS_H_
