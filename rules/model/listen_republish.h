// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_MODEL_LISTEN_REPUBLISH_H_
#define RETRAP_MODEL_LISTEN_REPUBLISH_H_

#include "model/listen.h"

namespace retrap::model {

class ListenRepublish : public Listen {
 public:
  void interrupt(const State& state, Thread& t) const override;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_LISTEN_REPUBLISH_H_
