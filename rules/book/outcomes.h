// SPDX-License-Identifier: GPL-2.0-only
// A race by turns: how often it ended in which way.
#ifndef RETRAP_BOOK_OUTCOMES_H_
#define RETRAP_BOOK_OUTCOMES_H_

#include <cstdint>
#include <functional>
#include <string>

namespace retrap::conform {

// One turn; says how it ended, in a word of letters, digits and `_`.
using PlayTurn = std::function<void(std::uint64_t turn, std::string& outcome)>;

// Plays `turns` turns and records as properties of the test, "outcome_<word>"
// each, how many ended so. A fatal failure in one ends it: call it inside
// ASSERT_NO_FATAL_FAILURE when more follows.
void count_outcomes(std::uint64_t turns, const PlayTurn& play);

// Spins for no time or a little, as `turn` says, so that two events of many
// turns meet in many ways.
void wait_a_little(std::uint64_t turn) noexcept;

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_OUTCOMES_H_
