// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/hypervisor.h"

#include <algorithm>
#include <array>
#include <span>
#include <sstream>
#include <string_view>

#include "core/sys/file.h"

namespace retrap {
namespace {

using Words = std::span<const std::string_view>;

constexpr std::array<std::string_view, 14> kVirtual = {
    "VMware",    "VirtualBox", "innotek", "Xen",
    "Parallels", "BHYVE",      "KVM",     "Apple Virtualization",
    "OpenStack", "oVirt",      "RHEV",    "Virtual Machine",
    "QEMU",      "Bochs"};
constexpr std::array<std::string_view, 3> kClouds = {
    "Amazon EC2", "Google Compute Engine", "Alibaba Cloud"};
constexpr std::array<std::string_view, 2> kVirtualTrees = {"linux,dummy-virt",
                                                           "qemu"};
// Of ACPI's FADT.
constexpr std::size_t kBootArch = 129;
constexpr std::size_t kIdentity = 268;
constexpr unsigned kPsciByHvc = 2;

bool has_any(std::string_view text, Words words) {
  return std::ranges::any_of(words, [text](std::string_view word) {
    return text.find(word) != std::string_view::npos;
  });
}

// The first value that /proc/cpuinfo has under a name.
std::optional<std::string> field(const std::string& cpuinfo,
                                 std::string_view name) {
  std::istringstream lines(cpuinfo);
  for (std::string line; std::getline(lines, line);) {
    const auto colon = line.find(':');
    if (colon == std::string::npos || !line.starts_with(name)) continue;
    if (line.find_first_not_of("\t ", name.size()) != colon) continue;
    return line.substr(std::min(colon + 2, line.size()));
  }
  return std::nullopt;
}

bool is_tcg(const std::string& cpuinfo) {
  return field(cpuinfo, "model name")
             .value_or("")
             .starts_with("QEMU TCG CPU") ||
         (field(cpuinfo, "CPU implementer") == "0x00" &&
          field(cpuinfo, "CPU part") == "0x051");
}

bool has_flag(const std::string& flags, std::string_view wanted) {
  std::istringstream words(flags);
  for (std::string word; words >> word;)
    if (word == wanted) return true;
  return false;
}

class Firmware {
 public:
  explicit Firmware(const std::string& root) : root_(root) {
    for (const char* name :
         {"sys_vendor", "product_name", "board_vendor", "bios_vendor"})
      dmi_ += text("sys/class/dmi/id/" + std::string(name)) + ' ';
    tree_ = text("proc/device-tree/compatible");
    fadt_ = text("sys/firmware/acpi/tables/FACP");
  }

  [[nodiscard]] bool names_a_virtual_machine() const {
    return read_file(root_ + "proc/device-tree/hypervisor/compatible") ||
           has_any(tree_, kVirtualTrees) || has_any(dmi_, kVirtual) ||
           (fadt_.size() > kIdentity && fadt_[kIdentity] != 0);
  }

  // PSCI by HVC.
  [[nodiscard]] bool is_answered_by_a_hypervisor() const {
    const unsigned char boot = fadt_.size() > kBootArch ? fadt_[kBootArch] : 0;
    return text("proc/device-tree/psci/method").starts_with("hvc") ||
           (boot & kPsciByHvc) != 0;
  }

  [[nodiscard]] std::optional<bool> shows_a_real_machine() const {
    if (dmi_.find(".metal") != std::string::npos) return true;
    if (has_any(dmi_, kClouds)) return false;
    if (tree_.find_first_not_of('\0') != std::string::npos) return true;
    const std::string chassis = text("sys/class/dmi/id/chassis_type");
    if (chassis.empty() || chassis == "1\n" || chassis == "2\n")
      return std::nullopt;
    return true;
  }

 private:
  [[nodiscard]] std::string text(const std::string& name) const {
    return read_file(root_ + name).value_or("");
  }

  std::string root_;
  std::string dmi_;
  std::string tree_;
  std::string fadt_;
};

}  // namespace

std::optional<bool> is_virtual(const std::string& root) {
  const std::string cpuinfo = read_file(root + "proc/cpuinfo").value_or("");
  if (is_tcg(cpuinfo) || read_file(root + "sys/hypervisor/type")) return true;
  const Firmware firmware(root);
  if (const auto flags = field(cpuinfo, "flags"))
    return has_flag(*flags, "hypervisor") || firmware.names_a_virtual_machine();
  if (firmware.names_a_virtual_machine() ||
      firmware.is_answered_by_a_hypervisor())
    return true;
  if (const auto real = firmware.shows_a_real_machine()) return !*real;
  return std::nullopt;
}

}  // namespace retrap
