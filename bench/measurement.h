// SPDX-License-Identifier: GPL-2.0-only
// One cell: prepare the machine, sample, write the files.
#ifndef RETRAP_MEASUREMENT_H_
#define RETRAP_MEASUREMENT_H_

#include <benchmark/benchmark.h>

#include <optional>
#include <string>

#include "core/measure/sample_buffer.h"
#include "core/output/run_record.h"
#include "exit_code.h"
#include "options.h"
#include "plan.h"

namespace retrap {

class Measurement {
 public:
  // The record so far, and room for the samples.
  Measurement(const Options& options, const Plan& plan);

  // Opens the cell, samples and closes it; the counters. Says on standard error
  // what is wrong with the machine, and with the samples. May throw
  // std::system_error.
  benchmark::UserCounters take(benchmark::State& state);

  // STEM.npy and STEM.run.json, which is the last: it says that all is there.
  void write(const std::string& stem) const;

  // kOk or kSamplesFailed.
  [[nodiscard]] ExitCode code() const;

 private:
  void say(const std::string& message) const;
  void warn_of_machine();

  const Options& options_;
  const Plan& plan_;
  RunRecord record_;
  SampleBuffer samples_;
};

}  // namespace retrap

#endif  // RETRAP_MEASUREMENT_H_
