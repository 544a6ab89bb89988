// SPDX-License-Identifier: GPL-2.0-only
// Sequence after sequence on one interface, until the steps are made or one
// fails; that one is made short.
#ifndef RETRAP_MODEL_CAMPAIGN_H_
#define RETRAP_MODEL_CAMPAIGN_H_

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "core/ptrace/interface.h"
#include "model/sender.h"
#include "model/sequence.h"

namespace retrap::model {

enum class Cpus { kSame, kCross, kBoth };

struct Options {
  std::vector<Interface> interfaces;
  std::optional<Interface> model;  // of another design: must fail
  std::uint64_t steps = 100'000;   // an interface
  std::uint64_t length = 2000;     // of a sequence, at most
  std::uint64_t seed = 1;
  std::optional<int> threads;  // else 1, 2, 3 in turn
  Cpus cpus = Cpus::kBoth;
  std::optional<Actions> replay;
  std::chrono::seconds deadline{120};  // of a sequence
  // Told before a sequence is shortened, which may take a minute.
  std::function<void(const Failure&)> on_failure;
};

struct Result {
  Interface interface;
  Counts counts;
  double seconds = 0;
  std::optional<Failure> failure;  // shortened
  std::size_t length_before = 0;   // of the failing sequence, as it was found
  int threads = 0;                 // of it
  Cpus cpus = Cpus::kSame;         // of it
};

Result run_campaign(const Options& options, Interface interface,
                    const std::vector<int>& cpus, Sender& sender);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_CAMPAIGN_H_
