// SPDX-License-Identifier: GPL-2.0-only
// The instructions begun on all vCPUs, counted in the code QEMU translates.
//
// One addition an instruction, not atomic: the vCPUs take turns on one thread,
// as -icount makes them. Version 3 of the interface would add inline to a
// number of each vCPU alone, and QEMU 10.0 with -icount emits code for that
// which crashes as soon as there are two; so there an instruction calls.
#ifndef RETRAP_PROFILE_COUNTER_H_
#define RETRAP_PROFILE_COUNTER_H_

#include <cstdint>

#include "profile/qemu_plugin.h"

namespace retrap::profile {

class Counter {
 public:
  void count(qemu_plugin_insn* insn) {
#if RETRAP_PLUGIN_API == 1
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                               &value_, 1);
#else
    qemu_plugin_register_vcpu_insn_exec_cb(insn, add_one,
                                           QEMU_PLUGIN_CB_NO_REGS, &value_);
#endif
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
#if RETRAP_PLUGIN_API != 1
  static void add_one(unsigned /*vcpu*/, void* value) noexcept {
    ++*static_cast<std::uint64_t*>(value);
  }
#endif
  std::uint64_t value_ = 0;
};

}  // namespace retrap::profile

#endif  // RETRAP_PROFILE_COUNTER_H_
