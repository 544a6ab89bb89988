// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_MODEL_LISTEN_H_
#define RETRAP_MODEL_LISTEN_H_

#include "model/design.h"

namespace retrap::model {

class Listen : public Design {
 public:
  void on_change(Thread& t) const override;
  void on_stop_trap(Thread& t, bool in_group_stop) const override;
  int rearm(const State& state, Thread& t, Rearm request) const override;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_LISTEN_H_
