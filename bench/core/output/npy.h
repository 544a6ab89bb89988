// SPDX-License-Identifier: GPL-2.0-only
// Samples as a NumPy file, which Python reads without a parser of ours.
#ifndef RETRAP_CORE_OUTPUT_NPY_H_
#define RETRAP_CORE_OUTPUT_NPY_H_

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "core/measure/sample.h"

namespace retrap {

// Magic, version 1.0, length, dictionary, padding to 64 bytes and a newline.
std::string npy_header(std::size_t samples);

// The whole file.
std::vector<std::byte> npy_bytes(std::span<const Sample> samples);

}  // namespace retrap

#endif  // RETRAP_CORE_OUTPUT_NPY_H_
