// SPDX-License-Identifier: GPL-2.0-only
// What the command line says, set before the tests are registered.
#ifndef RETRAP_BOOK_OPTIONS_H_
#define RETRAP_BOOK_OPTIONS_H_

#include <chrono>
#include <cstdint>
#include <vector>

namespace retrap::conform {

enum class Placement { kSameCpu, kCrossCpu };

struct Options {
  std::uint64_t count = 10'000;       // turns of the rules that are races
  std::uint64_t sweep = 0;            // most turns of one; 0: no sweeps
  std::chrono::seconds deadline{60};  // of one subject
  bool republishes = false;           // the kernel does, for every tracee
  bool ia32 = false;                  // the kernel runs 32-bit code
  std::vector<Placement> placements{Placement::kSameCpu, Placement::kCrossCpu};
};

inline Options& options() {
  static Options options;
  return options;
}

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_OPTIONS_H_
