// SPDX-License-Identifier: GPL-2.0-only
// How often a race ended in which way.
#ifndef RETRAP_BOOK_OUTCOMES_H_
#define RETRAP_BOOK_OUTCOMES_H_

#include <cstdint>
#include <map>
#include <string>

namespace retrap::conform {

class Outcomes {
 public:
  // One turn ended so. A name is a word of letters, digits and `_`.
  void count(const std::string& name) { ++counts_[name]; }
  // As properties of the test, "outcome_<name>" each, when all turns are over.
  void record() const;

 private:
  std::map<std::string, std::uint64_t> counts_;
};

// Spins for no time or a little, as `turn` says, so that two events of many
// turns meet in many ways.
void wait_a_little(std::uint64_t turn) noexcept;

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_OUTCOMES_H_
