// SPDX-License-Identifier: GPL-2.0-only
#include "scenarios/failure.h"

#include <sstream>
#include <system_error>

namespace retrap {

std::string describe(const Failure& failure) {
  std::string what = failure.what;
  if (failure.error != 0)
    return what + ": " + std::system_category().message(failure.error);
  if (failure.expected == WaitStatus{}) return what;
  std::ostringstream text;
  text << what << ": " << failure.got << ", expected " << failure.expected;
  return text.str();
}

}  // namespace retrap
