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

// The head of a sample, t_<stage>_ns of each stage, n_<tally> of each tally.
std::vector<SampleField> sample_fields(const Readings& readings = {});

// Magic, version 1.0, length, dictionary, padding to 64 bytes and a newline.
std::string npy_header(std::size_t samples, const Readings& readings = {});

// The whole file. `readings` are those that the buffer has.
std::vector<std::byte> npy_bytes(const SampleBuffer& samples,
                                 const Readings& readings = {});

}  // namespace retrap

#endif  // RETRAP_CORE_OUTPUT_NPY_H_
