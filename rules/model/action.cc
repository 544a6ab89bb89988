// SPDX-License-Identifier: GPL-2.0-only
#include "model/action.h"

#include <charconv>
#include <csignal>
#include <cstring>
#include <sstream>

#include "book/requests.h"
#include "core/ptrace/uapi.h"
#include "model/state.h"

namespace retrap::model {
namespace {

constexpr std::array<std::string_view, kVerbs> kNames = {
    "cont",       "listen",  "jobctl_cont", "interrupt", "getsiginfo",
    "setsiginfo", "getregs", "wait",        "peek",      "await",
    "detach",     "seize",   "ptrace_kill", "kill",      "tgkill",
    "order",      "settle"};

constexpr std::array kSignals = {SIGKILL, SIGUSR1, SIGTERM,
                                 SIGCONT, SIGSTOP, SIGTSTP};

std::optional<int> signal_from_name(std::string_view name) {
  for (const int sig : kSignals)
    if (name == ::sigabbrev_np(sig)) return sig;
  return std::nullopt;
}

// The part before the first dot, which is removed.
std::string_view take_part(std::string_view& word) {
  const auto dot = word.find('.');
  const std::string_view part = word.substr(0, dot);
  word = dot == std::string_view::npos ? "" : word.substr(dot + 1);
  return part;
}

bool may_have_signal(Verb verb) {
  return verb == Verb::kCont || verb == Verb::kDetach ||
         verb == Verb::kSetSiginfo;
}

bool is_wait(Verb verb) {
  return verb == Verb::kWait || verb == Verb::kPeek || verb == Verb::kAwait;
}

}  // namespace

std::string_view verb_name(Verb verb) {
  return kNames[static_cast<std::size_t>(verb)];
}

bool has_thread(Verb verb) {
  return verb != Verb::kKill && verb != Verb::kOrder && verb != Verb::kSettle;
}

bool sends_signal(Verb verb) {
  return verb == Verb::kKill || verb == Verb::kTgkill || verb == Verb::kOrder;
}

Siginfo siginfo_of(const Action& action) {
  if (action.sig == 0) return {SIGTRAP, SI_USER};
  return {action.sig, stop_code_of(stop_trap(action.sig))};
}

std::string to_word(const Action& action) {
  std::string word(verb_name(action.verb));
  if (has_thread(action.verb)) word += '.' + std::to_string(action.thread);
  if (action.sig != 0) word += std::string(".") + ::sigabbrev_np(action.sig);
  return word;
}

std::string to_text(const Actions& actions) {
  std::string text;
  for (const Action& action : actions) {
    if (!text.empty()) text += ' ';
    text += to_word(action);
  }
  return text;
}

std::optional<Action> action_from_word(std::string_view word) {
  const std::string_view name = take_part(word);
  for (int i = 0; i < kVerbs; ++i) {
    if (kNames[static_cast<std::size_t>(i)] != name) continue;
    Action action{static_cast<Verb>(i), 0, 0};
    if (has_thread(action.verb)) {
      const std::string_view part = take_part(word);
      const auto [end, error] = std::from_chars(
          part.data(), part.data() + part.size(), action.thread);
      if (error != std::errc() || end != part.data() + part.size() ||
          action.thread < 0 || action.thread >= kMaxThreads)
        return std::nullopt;
    }
    const auto sig = signal_from_name(word);
    if (sig && (may_have_signal(action.verb) || sends_signal(action.verb)))
      action.sig = *sig;
    const bool good = sends_signal(action.verb) ? sig.has_value()
                                                : word.empty() || action.sig;
    return good ? std::optional(action) : std::nullopt;
  }
  return std::nullopt;
}

std::optional<Actions> actions_from_text(std::string_view text,
                                         std::string& bad) {
  Actions actions;
  std::istringstream words{std::string(text)};
  for (std::string word; words >> word;) {
    const auto action = action_from_word(word);
    if (!action) {
      bad = word;
      return std::nullopt;
    }
    actions.push_back(*action);
  }
  return actions;
}

std::string to_text(Verb verb, const Outcome& outcome) {
  std::ostringstream text;
  if (verb == Verb::kSettle)
    text << "threads in state " << outcome.states.data();
  else if (is_wait(verb))
    text << outcome.status;
  else if (verb == Verb::kGetSiginfo && outcome.error == 0)
    text << conform::Info{{}, outcome.signo, outcome.code, outcome.stopped};
  else
    text << conform::Errno{outcome.error};
  return text.str();
}

}  // namespace retrap::model
