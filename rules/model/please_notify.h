// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_MODEL_PLEASE_NOTIFY_H_
#define RETRAP_MODEL_PLEASE_NOTIFY_H_

#include "model/design.h"

namespace retrap::model {

class PleaseNotify : public Design {
 public:
  void on_change(Thread& t) const override;
  void on_stop_trap(Thread& t, bool in_group_stop) const override;
  void on_resume(Thread& t) const override;
  int rearm(const State& state, Thread& t, Rearm request) const override;
  void interrupt(const State& state, Thread& t) const override;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_PLEASE_NOTIFY_H_
