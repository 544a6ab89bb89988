// SPDX-License-Identifier: GPL-2.0-only
// All the states that the tracee may be in, as far as the tracer has seen.
//
// Threads in motion and orders to another process take effect at times of
// their own. Before an action every order of those effects is followed; after
// it, what was seen rules states out. None left: the kernel did what the model
// does not allow.
#ifndef RETRAP_MODEL_POSSIBLE_H_
#define RETRAP_MODEL_POSSIBLE_H_

#include <cstddef>
#include <cstdint>
#include <set>
#include <vector>

#include "model/action.h"
#include "model/design.h"
#include "model/state.h"

namespace retrap::model {

class Possible {
 public:
  Possible(const Design& design, const State& start);

  // Whether the model has a meaning for the action now.
  [[nodiscard]] bool is_applicable(const Action& action);
  // The thread has a report in every state in which nothing moves any more.
  [[nodiscard]] bool owes_report(int thread);

  // What the model allows now.
  [[nodiscard]] std::set<Outcome> allowed(const Action& action);
  // What was seen; false when the model does not allow it.
  bool apply(const Action& action, const Outcome& seen);

  // A thread's counter moved by `ticks`; false: it cannot have run.
  bool ran(int thread, std::uint64_t ticks);
  // After settle: the counters are read, and whatever ran has shown.
  void forget_user_mode();
  // The other process has carried out all but `left` orders; false: it cannot.
  bool orders_left(int left);

  [[nodiscard]] const State& example() const { return states_.front(); }
  [[nodiscard]] std::size_t size() const { return states_.size(); }

 private:
  struct Next {
    State state;
    Outcome outcome;
  };
  using States = std::vector<State>;
  [[nodiscard]] States closure(States states) const;
  void close();
  void follow_seize(const State& s, const Action& action,
                    std::vector<Next>& next) const;
  [[nodiscard]] std::vector<Next> follow(const State& s,
                                         const Action& action) const;
  void follow_request(const State& s, const Action& action,
                      std::vector<Next>& next) const;

  const Design* design_;
  States states_;  // sorted
  bool is_closed_ = false;
};

// One thing that happens by itself: an order is carried out, or a thread in
// motion goes on. Every state that can be next; none: nothing moves.
std::vector<State> by_itself(const Design& design, const State& state);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_POSSIBLE_H_
