// SPDX-License-Identifier: GPL-2.0-only
#ifndef RETRAP_MODEL_ASYNC_RETRAP_H_
#define RETRAP_MODEL_ASYNC_RETRAP_H_

#include "model/design.h"

namespace retrap::model {

class AsyncRetrap : public Design {
 public:
  void on_change(Thread& t) const override;
  void on_join(Thread& t) const override;
  void on_stop_trap(Thread& t, bool in_group_stop) const override;
  int rearm(const State& state, Thread& t, Rearm request) const override;
  void on_getsiginfo(Thread& t, int stop_signal) const override;
  int setsiginfo(const Thread& t) const override;
  void after_request(Thread& t) const override;
  [[nodiscard]] bool hides_gap() const override { return true; }  // AR02, AR22
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_ASYNC_RETRAP_H_
