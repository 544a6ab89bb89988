// SPDX-License-Identifier: GPL-2.0-only
// What Google Benchmark prints of a cell: quantiles, and no mean.
#ifndef RETRAP_REPORTER_H_
#define RETRAP_REPORTER_H_

#include <benchmark/benchmark.h>

#include <map>
#include <string>
#include <vector>

namespace retrap {

// Google Benchmark drops the counters of a benchmark that failed. They are
// kept here, by its name, one for each repetition that failed.
using FailedCounters =
    std::map<std::string, std::vector<benchmark::UserCounters>>;

// A line for each cell: quantiles of its samples. Google Benchmark's page about
// the machine is left out: what of it is true is in run.json and env-*.json.
class TableReporter : public benchmark::ConsoleReporter {
 public:
  explicit TableReporter(const FailedCounters& failed)
      : ConsoleReporter(OO_None), failed_(failed) {}
  bool ReportContext(const Context& context) override;
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  void print(const Run& run);

  const FailedCounters& failed_;
  std::string scenario_;
  bool has_head_ = false;
};

// Google Benchmark's own, with the counters of what failed.
class JsonReporter : public benchmark::JSONReporter {
 public:
  explicit JsonReporter(const FailedCounters& failed) : failed_(failed) {}
  void ReportRuns(const std::vector<Run>& runs) override;

 private:
  const FailedCounters& failed_;
};

}  // namespace retrap

#endif  // RETRAP_REPORTER_H_
