// SPDX-License-Identifier: GPL-2.0-only
// What the numbers are taken on, and so what their unit is.
#ifndef RETRAP_CORE_ENV_SUBSTRATE_H_
#define RETRAP_CORE_ENV_SUBSTRATE_H_

#include <optional>
#include <string_view>

namespace retrap {

enum class Substrate { kExact, kVm, kBareMetal };

std::string_view substrate_name(Substrate substrate) noexcept;
std::optional<Substrate> substrate_from_name(std::string_view name) noexcept;
std::string_view unit_name(Substrate substrate) noexcept;

// Virtual machine or not; nothing when this machine does not say. Never
// kExact, which is claimed by the user and proved (measure/exactness.h).
std::optional<Substrate> detect_substrate();

}  // namespace retrap

#endif  // RETRAP_CORE_ENV_SUBSTRATE_H_
