// SPDX-License-Identifier: GPL-2.0-only
// The scheduling policy both ends run under, sched(7).
//
// On one CPU, under SCHED_OTHER, a woken tracee may preempt its tracer or not,
// as the accounts of the fair scheduler stand: one scenario is then two paths,
// which differ by a wakeup (docs/methodology.md). SCHED_BATCH is the same
// class with the same load tracking, but what it wakes never preempts. Where
// the ends have a CPU each there is no such choice, and nothing is changed.
#ifndef RETRAP_CORE_SYS_POLICY_H_
#define RETRAP_CORE_SYS_POLICY_H_

#include <string>

namespace retrap {

// "batch" or "other", for the calling thread and what it forks. Throws
// std::invalid_argument for another name, std::system_error when refused.
void set_policy(const std::string& name);

}  // namespace retrap

#endif  // RETRAP_CORE_SYS_POLICY_H_
