// SPDX-License-Identifier: GPL-2.0-only
// Delta debugging (Zeller's ddmin): a short list of actions that still fails.
#ifndef RETRAP_MODEL_SHRINK_H_
#define RETRAP_MODEL_SHRINK_H_

#include <algorithm>
#include <cstddef>

#include "model/action.h"

namespace retrap::model {

// Drops chunks, halves first and single actions last, while `fails` says that
// what is left still fails. Asks at most `most` times; the result is the
// shortest list that was seen to fail.
template <typename Fails>
Actions shrink(Actions actions, Fails fails, int most) {
  std::size_t chunk = (actions.size() + 1) / 2;
  while (chunk > 0 && most > 0) {
    bool has_dropped = false;
    for (std::size_t at = 0; at < actions.size() && most > 0;) {
      const std::size_t end = std::min(at + chunk, actions.size());
      Actions rest(actions.begin(), actions.begin() + static_cast<long>(at));
      rest.insert(rest.end(), actions.begin() + static_cast<long>(end),
                  actions.end());
      --most;
      if (fails(rest)) {
        actions = rest;
        has_dropped = true;
      } else {
        at = end;
      }
    }
    if (chunk > 1)
      chunk = (chunk + 1) / 2;
    else if (!has_dropped)
      break;
  }
  return actions;
}

}  // namespace retrap::model

#endif  // RETRAP_MODEL_SHRINK_H_
