// SPDX-License-Identifier: GPL-2.0-only
#include "core/sys/policy.h"

#include <sched.h>

#include <stdexcept>

#include "core/sys/check.h"

namespace retrap {

void set_policy(const std::string& name) {
  if (name != "batch" && name != "other")
    throw std::invalid_argument("no scheduling policy " + name);
  const sched_param param{};
  const int policy = name == "batch" ? SCHED_BATCH : SCHED_OTHER;
  check_unix(::sched_setscheduler(0, policy, &param), "sched_setscheduler");
}

}  // namespace retrap
