// SPDX-License-Identifier: GPL-2.0-only
// Quantiles of samples: always a value that was measured.
#ifndef RETRAP_CORE_MEASURE_QUANTILE_H_
#define RETRAP_CORE_MEASURE_QUANTILE_H_

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <span>
#include <vector>

#include "core/measure/sample.h"

namespace retrap {

// How long each sample took that did not fail, in ascending order.
inline std::vector<std::uint64_t> sorted_times(
    std::span<const Sample> samples) {
  std::vector<std::uint64_t> times;
  for (const Sample& sample : samples)
    if (sample.outcome == Outcome::kOk)
      times.push_back(sample.t_return_ns - sample.t_trigger_ns);
  std::ranges::sort(times);
  return times;
}

// The least of `sorted`, which is not empty, that `share` of all do not exceed:
// numpy.quantile(method="inverted_cdf"), as the reports have it.
inline std::uint64_t quantile(std::span<const std::uint64_t> sorted,
                              double share) {
  const double rank = std::ceil(share * static_cast<double>(sorted.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_QUANTILE_H_
