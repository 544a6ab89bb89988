// SPDX-License-Identifier: GPL-2.0-only
#include "core/env/substrate.h"

#include <array>

#include "core/env/hypervisor.h"

namespace retrap {
namespace {

constexpr std::array kSubstrates = {Substrate::kExact, Substrate::kVm,
                                    Substrate::kBareMetal};

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
  const auto answer = is_virtual("/");
  if (!answer) return std::nullopt;
  return *answer ? Substrate::kVm : Substrate::kBareMetal;
}

}  // namespace retrap
