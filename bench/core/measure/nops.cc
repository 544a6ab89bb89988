// SPDX-License-Identifier: GPL-2.0-only
#include "core/measure/nops.h"

#include <array>
#include <utility>

namespace retrap {
namespace {

template <unsigned kCount>
void exactly() noexcept {
  nops<kCount>();
}

template <unsigned... kCounts>
constexpr auto table_of(std::integer_sequence<unsigned, kCounts...>) {
  return std::array<void (*)() noexcept, sizeof...(kCounts)>{
      &exactly<kCounts>...};
}

constexpr auto kTable =
    table_of(std::make_integer_sequence<unsigned, kMostShift + 1>());

}  // namespace

void shift_by(unsigned count) noexcept {
  kTable[count < kMostShift ? count : kMostShift]();
}

}  // namespace retrap
