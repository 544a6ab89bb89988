// SPDX-License-Identifier: GPL-2.0-only
// What a tracer or a sender of signals does, as a word: "cont.0.STOP" is
// PTRACE_CONT of thread 0 with SIGSTOP, "kill.CONT" is kill(2).
#ifndef RETRAP_MODEL_ACTION_H_
#define RETRAP_MODEL_ACTION_H_

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/ptrace/wait_status.h"

namespace retrap::model {

enum class Verb {
  kCont,
  kListen,
  kJobctlCont,
  kInterrupt,
  kGetSiginfo,
  kSetSiginfo,  // to siginfo_of() the action
  kGetRegs,
  kWait,   // WNOHANG
  kPeek,   // WNOHANG | WNOWAIT
  kAwait,  // a wait that blocks, when the model says that a report is owed
  kDetach,
  kSeize,
  kPtraceKill,  // the last of a sequence, as is kill.KILL
  kKill,
  kTgkill,
  kOrder,   // another process does the kill(2), now or later
  kSettle,  // until nothing moves
};
inline constexpr int kVerbs = static_cast<int>(Verb::kSettle) + 1;

struct Action {
  Verb verb = Verb::kSettle;
  int thread = 0;
  int sig = 0;
  friend bool operator==(const Action&, const Action&) = default;
};
using Actions = std::vector<Action>;

std::string_view verb_name(Verb verb);
[[nodiscard]] bool has_thread(Verb verb);
[[nodiscard]] bool sends_signal(Verb verb);

// SIGTRAP of SI_USER; of an action with a signal, what a STOP trap that reports
// it has: the lie about the kind of the trap.
struct Siginfo {
  int signo = 0, code = 0;
};
Siginfo siginfo_of(const Action& action);

std::string to_word(const Action& action);
std::string to_text(const Actions& actions);  // words, blanks between them
std::optional<Action> action_from_word(std::string_view word);
// Nothing when a word is not understood; `bad` is that word.
std::optional<Actions> actions_from_text(std::string_view text,
                                         std::string& bad);

// What was seen of an action. Fields that say nothing about it are 0.
struct Outcome {
  int error = 0;                 // errno of a request
  WaitStatus status{};           // of a wait
  int signo = 0, code = 0;       // of GETSIGINFO
  bool stopped = false;          // its PTRACE_SI_STOPPED
  std::array<char, 4> states{};  // of settle: the letters of /proc
  auto operator<=>(const Outcome&) const = default;
};
std::string to_text(Verb verb, const Outcome& outcome);

}  // namespace retrap::model

#endif  // RETRAP_MODEL_ACTION_H_
