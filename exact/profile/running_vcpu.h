// SPDX-License-Identifier: GPL-2.0-only
// Which vCPU runs.
//
// QEMU 7.2 tells each callback. With 10.0 the number that it tells is a
// constant of the translated code, which the vCPUs share under -icount: it is
// the vCPU for which the code was translated. The guest's kernel knows better:
// it keeps the address of the data of each CPU in a register, in user mode too.
#ifndef RETRAP_PROFILE_RUNNING_VCPU_H_
#define RETRAP_PROFILE_RUNNING_VCPU_H_

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>
#include <string_view>
#include <vector>

#include "profile/instruction.h"
#include "profile/qemu_plugin.h"

namespace retrap::profile {

#if RETRAP_PLUGIN_API == 1

class RunningVcpu {
 public:
  static constexpr qemu_plugin_cb_flags kFlags = QEMU_PLUGIN_CB_NO_REGS;
  RunningVcpu(Isa /*isa*/, std::size_t /*vcpus*/) {}
  void find_registers() noexcept {}
  [[nodiscard]] unsigned number(unsigned told) const noexcept { return told; }
};

#else

class RunningVcpu {
 public:
  static constexpr qemu_plugin_cb_flags kFlags = QEMU_PLUGIN_CB_R_REGS;

  RunningVcpu(Isa isa, std::size_t vcpus) : isa_(isa), vcpus_(vcpus) {}

  // Once a vCPU is there.
  void find_registers() {
    GArray* all = qemu_plugin_get_registers();
    const std::span rows(
        reinterpret_cast<const qemu_plugin_reg_descriptor*>(all->data),
        all->len);
    for (std::size_t i = 0; i < handles_.size(); ++i)
      for (const qemu_plugin_reg_descriptor& row : rows)
        if (names()[i] == row.name) handles_[i] = row.handle;
    g_array_free(all, 1);
    if (handles_[0] == nullptr)
      fail("this QEMU shows a plugin no register of the per-CPU data");
  }

  // In a callback registered with kFlags. Numbered in the order in which they
  // are first asked for: the CPU that boots switches tasks before it starts the
  // next.
  unsigned number(unsigned /*told*/) {
    std::uint64_t base = read(handles_[0]);
    if (base >> 63 == 0 && handles_[1] != nullptr) base = read(handles_[1]);
    const auto found = std::find(bases_.begin(), bases_.end(), base);
    const auto number = static_cast<unsigned>(found - bases_.begin());
    if (found == bases_.end()) {
      if (bases_.size() == vcpus_) fail("more per-CPU data than vCPUs");
      bases_.push_back(base);
    }
    return number;
  }

 private:
  // x86_64: SWAPGS exchanges the two at the way into the kernel and out of it.
  // The first is the kernel's, in the upper half, or else the second is.
  [[nodiscard]] std::array<std::string_view, 2> names() const noexcept {
    if (isa_ == Isa::kArm64) return {"TPIDR_EL1", ""};
    return {"gs_base", "k_gs_base"};
  }

  std::uint64_t read(qemu_plugin_register* handle) {
    g_byte_array_set_size(bytes_, 0);
    (void)qemu_plugin_read_register(handle, bytes_);
    std::uint64_t value = 0;
    std::memcpy(&value, bytes_->data,
                std::min<std::size_t>(bytes_->len, sizeof value));
    return value;
  }

  // No way back through QEMU's frames; it ends, and what it wrote says why.
  [[noreturn]] static void fail(const char* what) {
    (void)std::fprintf(stderr, "retrap-profile: plugin: %s\n", what);
    std::_Exit(1);
  }

  Isa isa_;
  std::size_t vcpus_;
  std::array<qemu_plugin_register*, 2> handles_{};
  GByteArray* bytes_ = g_byte_array_new();
  std::vector<std::uint64_t> bases_;
};

#endif

}  // namespace retrap::profile

#endif  // RETRAP_PROFILE_RUNNING_VCPU_H_
