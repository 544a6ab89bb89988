// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_CORE_ENV_HYPERVISOR_H_
#define RETRAP_CORE_ENV_HYPERVISOR_H_

#include <optional>
#include <string>

namespace retrap {

// Whether the machine is virtual, by files below `root`, which ends in '/';
// nothing when they do not tell. python/retrap/machine/hypervisor.py has the
// same rules, and says why; both are tested on tests/data/machines/.
std::optional<bool> is_virtual(const std::string& root);

}  // namespace retrap

#endif  // RETRAP_CORE_ENV_HYPERVISOR_H_
