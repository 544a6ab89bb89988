// SPDX-License-Identifier: GPL-2.0-only
// One call: one cell with its files, or all that --benchmark_filter selects.
#ifndef RETRAP_MEASURE_H_
#define RETRAP_MEASURE_H_

#include "exit_code.h"
#include "options.h"

namespace retrap {

// Of several cells the worst code, kNotSupported when that is all of them.
// Throws Refusal or std::system_error.
ExitCode measure(const Options& options);

}  // namespace retrap

#endif  // RETRAP_MEASURE_H_
