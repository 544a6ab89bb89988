// SPDX-License-Identifier: GPL-2.0-only
// The instructions begun on all vCPUs, counted in the code QEMU translates.
//
// One addition an instruction, not atomic: the vCPUs take turns on one thread,
// as -icount makes them.
#ifndef RETRAP_PROFILE_COUNTER_H_
#define RETRAP_PROFILE_COUNTER_H_

#include <cstdint>

#include "profile/qemu_plugin.h"

namespace retrap::profile {

#if RETRAP_PLUGIN_API == 1

class Counter {
 public:
  void count(qemu_plugin_insn* insn) {
    qemu_plugin_register_vcpu_insn_exec_inline(insn, QEMU_PLUGIN_INLINE_ADD_U64,
                                               &value_, 1);
  }
  [[nodiscard]] std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_ = 0;
};

#else  // a number of each vCPU

class Counter {
 public:
  void count(qemu_plugin_insn* insn) {
    qemu_plugin_register_vcpu_insn_exec_inline_per_vcpu(
        insn, QEMU_PLUGIN_INLINE_ADD_U64, values_, 1);
  }
  [[nodiscard]] std::uint64_t value() const {
    return qemu_plugin_u64_sum(values_);
  }

 private:
  qemu_plugin_u64 values_ = {
      .score = qemu_plugin_scoreboard_new(sizeof(std::uint64_t)), .offset = 0};
};

#endif

}  // namespace retrap::profile

#endif  // RETRAP_PROFILE_COUNTER_H_
