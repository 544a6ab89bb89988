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
  // `readings`: how many numbers a sample has besides.
  explicit SampleBuffer(std::size_t capacity, std::size_t readings = 0);
  SampleBuffer(const SampleBuffer&) = delete;
  SampleBuffer& operator=(const SampleBuffer&) = delete;
  SampleBuffer(SampleBuffer&&) = delete;
  SampleBuffer& operator=(SampleBuffer&&) = delete;
  ~SampleBuffer();

  // Ignored when full; the caller asks for what it has room for.
  // Readings that are missing, as of a sample that failed, are kNeverReturned.
  void push(const Sample& sample,
            std::span<const std::uint64_t> readings = {}) noexcept {
    if (size_ == capacity_) return;
    for (std::size_t i = 0; i < width_; ++i)
      readings_[size_ * width_ + i] =
          i < readings.size() ? readings[i] : kNeverReturned;
    data_[size_++] = sample;
  }
  // Of each sample in turn.
  [[nodiscard]] std::span<const std::uint64_t> readings() const noexcept {
    return {readings_, size_ * width_};
  }
  [[nodiscard]] std::span<const Sample> samples() const noexcept {
    return {data_, size_};
  }
  [[nodiscard]] std::size_t failed() const noexcept;
  [[nodiscard]] bool locked() const noexcept { return locked_; }

 private:
  std::size_t capacity_;
  std::size_t width_;  // readings of a sample
  std::size_t size_ = 0;
  Sample* data_ = nullptr;
  std::uint64_t* readings_ = nullptr;  // behind the samples
  bool locked_ = false;
};

}  // namespace retrap

#endif  // RETRAP_CORE_MEASURE_SAMPLE_BUFFER_H_
