// SPDX-License-Identifier: GPL-2.0-only
// Samples as a NumPy file, which Python reads without a parser of ours.
#ifndef RETRAP_CORE_OUTPUT_NPY_H_
#define RETRAP_CORE_OUTPUT_NPY_H_

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/measure/sample_buffer.h"

namespace retrap {

// A field of the file's dtype: t_trigger_ns, <u8.
struct SampleField {
  std::string name;
  std::string type;
};

using Stages = std::span<const std::string_view>;

// The head of a sample, and t_<stage>_ns of each stage.
std::vector<SampleField> sample_fields(Stages stages = {});

// Magic, version 1.0, length, dictionary, padding to 64 bytes and a newline.
std::string npy_header(std::size_t samples, Stages stages = {});

// The whole file. `stages` are those that the buffer has stamps of.
std::vector<std::byte> npy_bytes(const SampleBuffer& samples,
                                 Stages stages = {});

}  // namespace retrap

#endif  // RETRAP_CORE_OUTPUT_NPY_H_
