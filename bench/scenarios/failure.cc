// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/failure.h"

#include <cstdio>
#include <system_error>

namespace retrap {

std::string describe(const Failure& failure) {
  std::string what = failure.what;
  if (failure.error != 0)
    return what + ": " + std::system_category().message(failure.error);
  if (failure.expected == 0) return what;
  char numbers[64];
  (void)std::snprintf(numbers, sizeof numbers, ": %#x, expected %#x",
                      static_cast<unsigned>(failure.got),
                      static_cast<unsigned>(failure.expected));
  return what + numbers;
}

}  // namespace retrap
