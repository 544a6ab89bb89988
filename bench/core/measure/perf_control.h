// SPDX-License-Identifier: GPL-2.0-only
// Switches the counters of `perf stat --control fifo:CTL,ACK` on and off.
#ifndef RETRAP_CORE_MEASURE_PERF_CONTROL_H_
#define RETRAP_CORE_MEASURE_PERF_CONTROL_H_

#include <string>
#include <string_view>

#include "core/sys/unique_fd.h"

namespace retrap {

class PerfControl {
 public:
  // `fifos` is CTL,ACK. Throws std::invalid_argument if it is not a pair.
  explicit PerfControl(const std::string& fifos);

  // Return when perf has answered; throw after ten seconds of silence.
  void enable() const { command("enable\n"); }
  void disable() const { command("disable\n"); }

 private:
  void command(std::string_view text) const;

  UniqueFd control_;
  UniqueFd ack_;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_PERF_CONTROL_H_
