// SPDX-License-Identifier: GPL-2.0-only
#include "model/sequence.h"

#include <array>
#include <csignal>

namespace retrap::model {
namespace {

bool kills(const Action& action, const Outcome& outcome) {
  return outcome.error == 0 &&
         (action.verb == Verb::kPtraceKill || action.sig == SIGKILL);
}

std::string to_text(Verb verb, const std::set<Outcome>& outcomes) {
  std::string text;
  for (const Outcome& outcome : outcomes)
    text += (text.empty() ? "" : ", or ") + model::to_text(verb, outcome);
  return text.empty() ? "nothing: the model has no such action here" : text;
}

class Run {
 public:
  Run(System& system, const Design& design, const State& start, Counts& counts)
      : system_(system),
        possible_(design, start),
        threads_(start.threads),
        counts_(counts) {
    for (int i = 0; i < threads_; ++i) ticks_[index(i)] = system.ticks(i);
  }

  std::optional<Failure> run(const Source& source) {
    while (const auto action = source(possible_)) {
      done_.push_back(*action);
      const Outcome outcome = perform(*action);
      if (failure_) return failure_;
      if (kills(*action, outcome)) break;
    }
    const std::string left = system_.finish();
    if (!left.empty()) fail("after SIGKILL nothing is left of it", left);
    return failure_;
  }

 private:
  static std::size_t index(int i) { return static_cast<std::size_t>(i); }

  Outcome perform(const Action& action) {
    const Outcome seen = system_.perform(action);
    const bool ends = kills(action, seen);
    ++counts_.steps;
    ++counts_.actions[std::string(verb_name(action.verb))];
    ++counts_.outcomes[std::string(verb_name(action.verb)) + ": " +
                       model::to_text(action.verb, seen)];
    if (!ends && !agree(action, seen))
      fail(to_text(action.verb, possible_.allowed(action)),
           model::to_text(action.verb, seen));
    else if (!ends)
      observe(action.verb);
    if (possible_.size() > counts_.most_states)
      counts_.most_states = possible_.size();
    return seen;
  }

  bool agree(const Action& action, const Outcome& seen) {
    return possible_.apply(action, seen);
  }

  // What can be seen without disturbing: user mode, and the other process.
  void observe(Verb verb) {
    const int left = system_.orders_left();
    if (!possible_.orders_left(left))
      return fail("orders to be carried out", std::to_string(left) + " left");
    for (int i = 0; i < threads_; ++i) {
      const std::uint64_t now = system_.ticks(i);
      const std::uint64_t moved = now - ticks_[index(i)];
      ticks_[index(i)] = now;
      if (moved != 0 && !possible_.ran(i, moved))
        return fail("thread " + std::to_string(i) + " not in user mode",
                    "its counter moved by " + std::to_string(moved));
    }
    if (verb == Verb::kSettle) possible_.forget_user_mode();
  }

  void fail(const std::string& expected, const std::string& seen) {
    failure_ = Failure{done_, expected, seen};
  }

  System& system_;
  Possible possible_;
  int threads_;
  Counts& counts_;
  Actions done_;
  std::array<std::uint64_t, kMaxThreads> ticks_{};
  std::optional<Failure> failure_;
};

}  // namespace

std::optional<Failure> run_sequence(System& system, const Design& design,
                                    const State& start, const Source& source,
                                    Counts& counts) {
  ++counts.sequences;
  return Run(system, design, start, counts).run(source);
}

Source replay(const Actions& actions) {
  std::size_t next = 0;
  return [actions, next](Possible& possible) mutable -> std::optional<Action> {
    while (next < actions.size()) {
      const Action& action = actions[next++];
      if (possible.is_applicable(action)) return action;
    }
    return std::nullopt;
  };
}

}  // namespace retrap::model
