// SPDX-License-Identifier: GPL-2.0-only
// One run: prepare the machine, sample, write the files.
#ifndef RETRAP_MEASURE_H_
#define RETRAP_MEASURE_H_

#include "exit_code.h"
#include "options.h"
#include "plan.h"

namespace retrap {

// kOk, or kSamplesFailed. Throws Refusal or std::system_error.
ExitCode measure(const Options& options, const Plan& plan);

}  // namespace retrap

#endif  // RETRAP_MEASURE_H_
