// SPDX-License-Identifier: GPL-2.0-only
#include "model/possible.h"

#include <algorithm>
#include <csignal>
#include <iterator>

#include "model/job_control.h"
#include "model/tracer.h"

namespace retrap::model {
namespace {

bool moves(const Thread& t) {
  return t.phase == Phase::kRunning && t.is_in_motion;
}

bool is_settled(const State& s) {
  return s.orders[0] == 0 &&
         std::none_of(s.thread.begin(), s.thread.end(), moves);
}

int orders_of(const State& s) {
  return static_cast<int>(
      std::count_if(s.orders.begin(), s.orders.end(), [](int o) { return o; }));
}

State without_order(State s) {
  std::shift_left(s.orders.begin(), s.orders.end(), 1);
  s.orders.back() = 0;
  return s;
}

void sort_unique(std::vector<State>& states) {
  std::sort(states.begin(), states.end());
  states.erase(std::unique(states.begin(), states.end()), states.end());
}

// The letters of /proc/<tid>/stat when nothing moves.
Outcome letters(const State& s) {
  Outcome outcome;
  for (std::size_t i = 0; i < s.threads; ++i) {
    const Phase phase = s.thread[i].phase;
    outcome.states[i] = phase == Phase::kTrapped   ? 't'
                        : phase == Phase::kStopped ? 'T'
                                                   : 'S';
  }
  return outcome;
}

}  // namespace

std::vector<State> by_itself(const Design& design, const State& state) {
  std::vector<State> next;
  if (state.orders[0] != 0) {
    next = send(design, without_order(state), kWholeProcess, state.orders[0]);
  }
  for (int i = 0; i < state.threads; ++i) {
    if (!moves(state.thread[static_cast<std::size_t>(i)])) continue;
    next.push_back(state);
    advance(design, next.back(), i);
  }
  return next;
}

Possible::Possible(const Design& design, const State& start)
    : design_(&design), states_{start} {}

Possible::States Possible::closure(States states) const {
  sort_unique(states);
  States fresh = states;
  while (!fresh.empty()) {
    States found;
    for (const State& s : fresh) {
      const States next = by_itself(*design_, s);
      found.insert(found.end(), next.begin(), next.end());
    }
    sort_unique(found);
    fresh.clear();
    std::set_difference(found.begin(), found.end(), states.begin(),
                        states.end(), std::back_inserter(fresh));
    States all;
    std::merge(states.begin(), states.end(), fresh.begin(), fresh.end(),
               std::back_inserter(all));
    states = std::move(all);
  }
  return states;
}

void Possible::close() {
  if (!is_closed_) states_ = closure(std::move(states_));
  is_closed_ = true;
}

bool Possible::owes_report(int thread) {
  close();
  return std::all_of(states_.begin(), states_.end(), [thread](const State& s) {
    return !is_settled(s) ||
           has_report(s.thread[static_cast<std::size_t>(thread)]);
  });
}

bool Possible::is_applicable(const Action& action) {
  if (has_thread(action.verb) && action.thread >= example().threads)
    return false;
  switch (action.verb) {
    case Verb::kAwait:
      return owes_report(action.thread);
    case Verb::kPeek:  // waitid(2) would show an untraced child's group-stop
      return example()
          .thread[static_cast<std::size_t>(action.thread)]
          .is_traced;
    case Verb::kOrder:
      return std::all_of(states_.begin(), states_.end(), [](const State& s) {
        return orders_of(s) < kMaxOrders;
      });
    default:
      return true;
  }
}

// A request is served between two moments: what happens in between finds the
// thread frozen. Only a design that re-traps on its own can tell.
void Possible::follow_request(const State& start, const Action& action,
                              std::vector<Next>& next) const {
  const auto i = static_cast<std::size_t>(action.thread);
  const bool hides = design_->hides_gap();
  const bool waits = hides || action.verb == Verb::kAwait;
  // AR02: until it has trapped; a state in which it has is among the others.
  if (waits && start.thread[i].is_trapping && action.verb != Verb::kInterrupt &&
      action.verb != Verb::kPtraceKill)
    return;
  if (!hides || !freezes(action.verb) || !is_at_hand(start.thread[i])) {
    Next one{start, {}};
    one.outcome = request(*design_, one.state, action);
    next.push_back(one);
    return;
  }
  State frozen = start;
  frozen.thread[i].is_frozen = true;
  for (const State& s : closure({frozen})) {
    Next one{s, {}};
    one.outcome = request(*design_, one.state, action);
    design_->after_request(one.state.thread[i]);
    next.push_back(one);
  }
}

// C03: PTRACE_SEIZE returns when a stopped thread has trapped.
void Possible::follow_seize(const State& start, const Action& action,
                            std::vector<Next>& next) const {
  const auto i = static_cast<std::size_t>(action.thread);
  States before = {start};
  if (start.orders[0] == SIGCONT && i == 0 && !start.thread[0].is_traced) {
    const States during =
        send(*design_, without_order(start), kWholeProcess, SIGCONT, true);
    before.insert(before.end(), during.begin(), during.end());
  }
  for (State& s : before) {
    const Outcome outcome = request(*design_, s, action);
    if (!s.thread[i].is_trapping) {
      next.push_back({s, outcome});
      continue;
    }
    for (const State& later : closure({s}))
      if (!later.thread[i].is_trapping) next.push_back({later, outcome});
  }
}

std::vector<Possible::Next> Possible::follow(const State& s,
                                             const Action& action) const {
  std::vector<Next> next;
  const auto i = static_cast<std::size_t>(action.thread);
  switch (action.verb) {
    case Verb::kKill:
    case Verb::kTgkill: {
      const int to = action.verb == Verb::kKill ? kWholeProcess : action.thread;
      for (const State& sent : send(*design_, s, to, action.sig))
        next.push_back({sent, {}});
      return next;
    }
    case Verb::kOrder:
      next.push_back({s, {}});
      *std::find(next[0].state.orders.begin(), next[0].state.orders.end(), 0) =
          static_cast<std::uint8_t>(action.sig);
      return next;
    case Verb::kSettle:
      if (is_settled(s)) next.push_back({s, letters(s)});
      return next;
    case Verb::kAwait:
      if (!has_report(s.thread[i])) return next;
      break;
    default:
      break;
  }
  if (action.verb == Verb::kSeize)
    follow_seize(s, action, next);
  else
    follow_request(s, action, next);
  return next;
}

std::set<Outcome> Possible::allowed(const Action& action) {
  close();
  std::set<Outcome> outcomes;
  for (const State& s : states_)
    for (const Next& next : follow(s, action)) outcomes.insert(next.outcome);
  return outcomes;
}

bool Possible::apply(const Action& action, const Outcome& seen) {
  close();
  States after;
  for (const State& s : states_) {
    for (Next& next : follow(s, action))
      if (next.outcome == seen) after.push_back(next.state);
  }
  if (after.empty()) return false;
  sort_unique(after);
  states_ = std::move(after);
  is_closed_ = false;
  return true;
}

bool Possible::ran(int thread, std::uint64_t ticks) {
  close();
  States after;
  for (State s : states_) {
    Thread& t = s.thread[static_cast<std::size_t>(thread)];
    if (t.user_mode < ticks) continue;
    t.user_mode = static_cast<std::uint8_t>(t.user_mode - ticks);
    after.push_back(s);
  }
  if (after.empty()) return false;
  sort_unique(after);
  states_ = std::move(after);
  is_closed_ = false;
  return true;
}

void Possible::forget_user_mode() {
  for (State& s : states_)
    for (Thread& t : s.thread) t.user_mode = 0;
  sort_unique(states_);
}

bool Possible::orders_left(int left) {
  close();
  States after;
  for (const State& s : states_)
    if (orders_of(s) <= left) after.push_back(s);
  if (after.empty()) return false;
  states_ = std::move(after);
  return true;
}

}  // namespace retrap::model
