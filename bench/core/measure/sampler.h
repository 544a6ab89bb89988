// SPDX-License-Identifier: GPL-2.0-only
// The timed region: two clock reads, and the thing between them.
#ifndef RETRAP_CORE_MEASURE_SAMPLER_H_
#define RETRAP_CORE_MEASURE_SAMPLER_H_

#include "core/measure/marker.h"
#include "core/measure/sample.h"

namespace retrap {

// `fire` returns the wait status. Whether that was the right one is judged
// after the second clock read: CellOf::judged() in scenarios/cell.h.
template <typename Clock, typename Fire>
[[gnu::always_inline]] inline Sample time_once(Fire&& fire) noexcept {
  Sample sample;
  mark<Marker::kOpen>();
  sample.t_trigger_ns = Clock::now();
  sample.wait_status = fire();
  sample.t_return_ns = Clock::now();
  mark<Marker::kClose>();
  return sample;
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_SAMPLER_H_
