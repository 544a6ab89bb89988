// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_CORE_SYS_RELAX_H_
#define RETRAP_CORE_SYS_RELAX_H_

namespace retrap {

// Tells the CPU that this is a wait. In exact mode it is what lets the other
// vCPU run before the timer tick, some 4 million instructions later: QEMU goes
// on to the next one (do_pause() of x86, HELPER(yield) of arm64).
inline void relax() noexcept {
#if defined(__x86_64__)
  asm volatile("pause");
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_RELAX_H_
