// SPDX-License-Identifier: GPL-2.0-only
#include "model/generator.h"

#include <array>
#include <csignal>
#include <numeric>

#include "core/ptrace/wait_status.h"

namespace retrap::model {
namespace {

// More states than these cost more to follow than they find: settle.
constexpr std::size_t kManyStates = 48;
constexpr std::uint64_t kKillsOneIn = 4000;

struct Weight {
  Verb verb;
  unsigned weight;
};
using Weights = std::vector<Weight>;

const Weights kAlways = {{Verb::kKill, 6},  {Verb::kTgkill, 3},
                         {Verb::kOrder, 3}, {Verb::kSettle, 3},
                         {Verb::kAwait, 6}, {Verb::kWait, 3},
                         {Verb::kPeek, 2},  {Verb::kInterrupt, 2}};
const Weights kRunning = {{Verb::kCont, 1},       {Verb::kListen, 1},
                          {Verb::kJobctlCont, 1}, {Verb::kGetSiginfo, 1},
                          {Verb::kGetRegs, 1},    {Verb::kInterrupt, 3},
                          {Verb::kKill, 4}};
const Weights kTrapped = {
    {Verb::kCont, 14},      {Verb::kListen, 1},     {Verb::kJobctlCont, 1},
    {Verb::kGetSiginfo, 4}, {Verb::kSetSiginfo, 1}, {Verb::kGetRegs, 1},
    {Verb::kDetach, 1},     {Verb::kWait, 2},       {Verb::kSeize, 0}};
const Weights kHidden = {{Verb::kInterrupt, 3}, {Verb::kGetSiginfo, 1},
                         {Verb::kGetRegs, 1},   {Verb::kCont, 1},
                         {Verb::kListen, 1},    {Verb::kJobctlCont, 1},
                         {Verb::kDetach, 1},    {Verb::kKill, 4}};
const Weights kUntraced = {{Verb::kSeize, 20}, {Verb::kInterrupt, 1}};

const Weights& weights_of(const Thread& t) {
  if (!t.is_traced) return kUntraced;
  if (t.is_hidden) return kHidden;
  return t.phase == Phase::kTrapped ? kTrapped : kRunning;
}

// By its siginfo, which may be a lie: siginfo_of().
bool seems_in_stop_trap(const Thread& t) {
  return in_stop_trap(t) || event_of(stopped(t.info_code)) == kEventStop;
}

Verb rearm_of(Interface interface) {
  switch (interface) {
    case Interface::kListen:
    case Interface::kListenRepublish:
      return Verb::kListen;
    case Interface::kPleaseNotify:
      return Verb::kJobctlCont;
    case Interface::kAsyncRetrap:
      break;
  }
  return Verb::kGetSiginfo;
}

}  // namespace

Generator::Generator(Interface interface, std::uint64_t seed)
    : interface_(interface), random_(seed) {}

// Not a std::uniform_int_distribution: its results are the library's affair.
std::uint64_t Generator::below(std::uint64_t bound) {
  return random_() % bound;
}

Verb Generator::choose_verb(const Thread& thread) {
  Weights weights = kAlways;
  const Weights& more = weights_of(thread);
  weights.insert(weights.end(), more.begin(), more.end());
  if (seems_in_stop_trap(thread) && !thread.is_hidden)
    weights.push_back({rearm_of(interface_), 12});
  unsigned sum = 0;
  for (const Weight& weight : weights) sum += weight.weight;
  auto left = below(sum);
  for (const Weight& weight : weights) {
    if (left < weight.weight) return weight.verb;
    left -= weight.weight;
  }
  return Verb::kSettle;
}

int Generator::choose_signal(Verb verb, const Thread& thread) {
  static constexpr std::array kSent = {SIGCONT, SIGCONT, SIGCONT, SIGSTOP,
                                       SIGSTOP, SIGTSTP, SIGUSR1, SIGTERM};
  switch (verb) {
    case Verb::kKill:
      return below(kKillsOneIn / 8) == 0 ? SIGKILL : kSent[below(kSent.size())];
    case Verb::kTgkill:
    case Verb::kOrder:
      return kSent[below(kSent.size())];
    case Verb::kSetSiginfo:
      return below(2) == 0 ? SIGSTOP : 0;
    case Verb::kCont:
    case Verb::kDetach:
      break;
    default:
      return 0;
  }
  // Mostly the signal that is to be delivered, or none.
  if (thread.trap != Trap::kSignalDelivery) return 0;
  const auto kind = below(8);
  if (kind == 0) return kSent[below(kSent.size())];
  return kind < 5 ? thread.info_signo : 0;
}

Action Generator::next(Possible& possible) {
  if (possible.size() > kManyStates) return {};
  const State state = possible.example();
  for (;;) {
    const auto i = below(state.threads);
    const Thread& thread = state.thread[i];
    Action action;
    action.verb = choose_verb(thread);
    if (has_thread(action.verb)) action.thread = static_cast<int>(i);
    action.sig = choose_signal(action.verb, thread);
    if (action.sig == SIGTRAP) action.sig = 0;  // forged by SETSIGINFO
    if (below(kKillsOneIn) == 0) action = {Verb::kPtraceKill, action.thread, 0};
    if (possible.is_applicable(action)) return action;
  }
}

}  // namespace retrap::model
