// SPDX-License-Identifier: GPL-2.0-only
// elsewhere/signal:sigusr1: kill(2) of oneself, the handler, the way back.
//
// prepare_signal(), __send_signal_locked(), get_signal(), the signal frame,
// rt_sigreturn(2).
#ifndef RETRAP_SCENARIOS_ELSEWHERE_SIGNAL_H_
#define RETRAP_SCENARIOS_ELSEWHERE_SIGNAL_H_

#include <unistd.h>

#include <cerrno>
#include <csignal>

#include "core/sys/check.h"
#include "scenarios/family.h"

namespace retrap {

class SignalSelf {
 public:
  static constexpr FamilyInfo kFamily{
      .name = "elsewhere/signal:sigusr1",
      .help = "SIGUSR1 to oneself, with a handler",
      .interfaces = kInNoMode,
      .has_partner = false};
  static constexpr WaitStatus kExpected{SIGUSR1};  // no wait: the handler's

  explicit SignalSelf(const CellConfig&) {
    struct sigaction action {};
    action.sa_handler = [](int sig) { handled = sig; };
    check_unix(::sigaction(SIGUSR1, &action, &before_), "sigaction");
  }
  SignalSelf(const SignalSelf&) = delete;
  SignalSelf& operator=(const SignalSelf&) = delete;
  SignalSelf(SignalSelf&&) = delete;
  SignalSelf& operator=(SignalSelf&&) = delete;
  ~SignalSelf() { (void)::sigaction(SIGUSR1, &before_, nullptr); }

  bool arm() noexcept {
    handled = 0;
    return true;
  }

  // kill(2): a signal that the caller does not block is delivered to it before
  // the call returns, as there is no other thread.
  WaitStatus fire() noexcept {
    if (::kill(self_, SIGUSR1) == 0) return WaitStatus(handled);
    steps_.call_failed("kill");
    return kCallFailed;
  }

  [[nodiscard]] Steps& steps() noexcept { return steps_; }
  [[nodiscard]] const Steps& steps() const noexcept { return steps_; }

 private:
  static inline volatile std::sig_atomic_t handled = 0;

  const pid_t self_ = ::getpid();
  struct sigaction before_ {};
  Steps steps_;
};

inline const Registration<SignalSelf> kSignalSelf;

}  // namespace retrap

#endif  // RETRAP_SCENARIOS_ELSEWHERE_SIGNAL_H_
