// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/substrate.h"

#include <array>
#include <string>

#include "core/sys/file.h"

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

namespace retrap {
namespace {

constexpr std::array kSubstrates = {Substrate::kExact, Substrate::kVm,
                                    Substrate::kBareMetal};

#if defined(__x86_64__) || defined(__i386__)

// CPUID leaf 1, ECX bit 31: zero on every CPU, set by every hypervisor that
// does not hide.
std::optional<bool> virtualized() {
  unsigned eax = 0;
  unsigned ebx = 0;
  unsigned ecx = 0;
  unsigned edx = 0;
  if (__get_cpuid(1, &eax, &ebx, &ecx, &edx) == 0) return std::nullopt;
  return (ecx >> 31) != 0;
}

#else

bool contains_any(const std::string& text,
                  std::initializer_list<std::string_view> words) {
  for (const std::string_view word : words)
    if (text.find(word) != std::string::npos) return true;
  return false;
}

// Other architectures have no such bit. The firmware's tables name a virtual
// machine; only a vendor that makes no virtual machines proves there is none.
std::optional<bool> virtualized() {
  if (read_file("/proc/device-tree/hypervisor/compatible")) return true;
  if (const auto tree = read_file("/proc/device-tree/compatible"))
    return contains_any(*tree, {"linux,dummy-virt", "qemu"});
  const auto vendor = read_file("/sys/class/dmi/id/sys_vendor");
  const auto product = read_file("/sys/class/dmi/id/product_name");
  if (!vendor || !product) return std::nullopt;
  if (contains_any(*product, {".metal"})) return false;
  if (contains_any(*vendor + *product,
                   {"QEMU", "KVM", "Virtual", "VMware", "Xen", "Amazon EC2",
                    "Google Compute", "Alibaba", "OpenStack"}))
    return true;
  return std::nullopt;
}

#endif

}  // namespace

std::string_view substrate_name(Substrate substrate) noexcept {
  switch (substrate) {
    case Substrate::kExact:
      return "exact";
    case Substrate::kVm:
      return "vm";
    case Substrate::kBareMetal:
      return "bare-metal";
  }
  return "?";
}

std::optional<Substrate> substrate_from_name(std::string_view name) noexcept {
  for (const Substrate substrate : kSubstrates)
    if (substrate_name(substrate) == name) return substrate;
  return std::nullopt;
}

std::string_view unit_name(Substrate substrate) noexcept {
  return substrate == Substrate::kExact ? "instructions" : "ns";
}

std::optional<Substrate> detect_substrate() {
  const auto answer = virtualized();
  if (!answer) return std::nullopt;
  return *answer ? Substrate::kVm : Substrate::kBareMetal;
}

}  // namespace retrap
