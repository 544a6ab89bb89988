// SPDX-License-Identifier: GPL-2.0-only
// The running kernel, asked with the actions of the model.
#ifndef RETRAP_MODEL_LIVE_SYSTEM_H_
#define RETRAP_MODEL_LIVE_SYSTEM_H_

#include <chrono>
#include <vector>

#include "core/ptrace/interface.h"
#include "model/sender.h"
#include "model/sequence.h"
#include "model/tracee_threads.h"

namespace retrap::model {

class LiveSystem : public System {
 public:
  // Seizes every thread with the option of `interface`.
  LiveSystem(Interface interface, const std::vector<int>& cpus, Sender& sender,
             std::chrono::seconds deadline);

  Outcome perform(const Action& action) override;
  std::uint64_t ticks(int thread) override { return tracee_.ticks(thread); }
  int orders_left() override { return sender_.left(); }
  std::string finish() override;

 private:
  [[nodiscard]] Outcome settle();
  [[nodiscard]] bool orders_are_carried_out() const;
  // Empty while any thread is on its way.
  [[nodiscard]] Outcome letters() const;

  Interface interface_;
  Sender& sender_;
  TraceeThreads tracee_;
};

}  // namespace retrap::model

#endif  // RETRAP_MODEL_LIVE_SYSTEM_H_
