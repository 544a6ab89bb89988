// SPDX-License-Identifier: GPL-2.0-only
// Room for every sample of a run, touched and locked before the first one.
#ifndef RETRAP_CORE_MEASURE_SAMPLE_BUFFER_H_
#define RETRAP_CORE_MEASURE_SAMPLE_BUFFER_H_

#include <cstddef>
#include <span>

#include "core/measure/sample.h"

namespace retrap {

class SampleBuffer {
 public:
  explicit SampleBuffer(std::size_t capacity);
  SampleBuffer(const SampleBuffer&) = delete;
  SampleBuffer& operator=(const SampleBuffer&) = delete;
  SampleBuffer(SampleBuffer&&) = delete;
  SampleBuffer& operator=(SampleBuffer&&) = delete;
  ~SampleBuffer();

  // Ignored when full; the caller asks for what it has room for.
  void push(const Sample& sample) noexcept {
    if (size_ < capacity_) data_[size_++] = sample;
  }
  [[nodiscard]] std::span<const Sample> samples() const noexcept {
    return {data_, size_};
  }
  [[nodiscard]] std::size_t failed() const noexcept;
  [[nodiscard]] bool locked() const noexcept { return locked_; }

 private:
  std::size_t capacity_;
  std::size_t size_ = 0;
  Sample* data_ = nullptr;
  bool locked_ = false;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_SAMPLE_BUFFER_H_
