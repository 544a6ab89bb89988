// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/sample_buffer.h"

#include <sys/mman.h>

#include <algorithm>

#include "core/sys/check.h"

namespace retrap {
namespace {

std::size_t bytes_of(std::size_t capacity, std::size_t readings) {
  return std::max<std::size_t>(capacity, 1) *
         (sizeof(Sample) + readings * sizeof(std::uint64_t));
}

}  // namespace

SampleBuffer::SampleBuffer(std::size_t capacity, std::size_t readings)
    : capacity_(capacity), width_(readings) {
  const std::size_t bytes = bytes_of(capacity, readings);
  void* memory = ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
  if (memory == MAP_FAILED) throw_errno(errno, "mmap of the samples");
  data_ = static_cast<Sample*>(memory);
  readings_ = reinterpret_cast<std::uint64_t*>(data_ + capacity);
  locked_ = ::mlock(memory, bytes) == 0;
  // The tracee is a fork: without this its copy of the buffer would make the
  // tracer's writes fault again, once a page, inside the run.
  (void)::madvise(memory, bytes, MADV_DONTFORK);
}

SampleBuffer::~SampleBuffer() {
  (void)::munmap(data_, bytes_of(capacity_, width_));
}

std::size_t SampleBuffer::failed() const noexcept {
  const auto failed = std::count_if(
      data_, data_ + size_,
      [](const Sample& sample) { return sample.outcome != Outcome::kOk; });
  return static_cast<std::size_t>(failed);
}

}  // namespace retrap
