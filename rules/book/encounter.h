// SPDX-License-Identifier: GPL-2.0-only
// A signal that meets a call of the tracer: by chance (Race) or by appointment
// (Sweep). The turns of the race rules know neither.
#ifndef RETRAP_BOOK_ENCOUNTER_H_
#define RETRAP_BOOK_ENCOUNTER_H_

#include <functional>

#include "book/requests.h"

namespace retrap::conform {

class Encounter {
 public:
  Encounter() = default;
  Encounter(const Encounter&) = delete;
  Encounter& operator=(const Encounter&) = delete;
  Encounter(Encounter&&) = delete;
  Encounter& operator=(Encounter&&) = delete;
  virtual ~Encounter() = default;

  // One signal, and `call` at about the same time.
  virtual Errno run(const std::function<Errno()>& call) = 0;
  // Until the signal is sent; false when that takes too long.
  [[nodiscard]] virtual bool finish() = 0;
};

}  // namespace retrap::conform

#endif  // RETRAP_BOOK_ENCOUNTER_H_
