// SPDX-License-Identifier: GPL-2.0-only
// Keeps CPUs out of deep idle states for as long as it lives.
#ifndef RETRAP_CORE_MEASURE_DMA_LATENCY_H_
#define RETRAP_CORE_MEASURE_DMA_LATENCY_H_

#include <fcntl.h>
#include <unistd.h>

#include <cstdint>

#include "core/sys/unique_fd.h"

namespace retrap {

// Documentation/power/pm_qos_interface.rst: the request of 0 us stands while
// the file is open. Leaving an idle state costs ten times what is measured.
class DmaLatency {
 public:
  DmaLatency() : fd_(::open("/dev/cpu_dma_latency", O_WRONLY | O_CLOEXEC)) {
    const std::int32_t none_us = 0;
    held_ = fd_ && ::write(fd_.get(), &none_us, sizeof none_us) ==
                       static_cast<ssize_t>(sizeof none_us);
  }
  [[nodiscard]] bool held() const noexcept { return held_; }

 private:
  UniqueFd fd_;
  bool held_ = false;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_DMA_LATENCY_H_
